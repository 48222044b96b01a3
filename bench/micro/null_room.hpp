#pragma once

#include "actors/interfaces.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

namespace roomcast::bench {

/// A running actor system with one room that takes every message and does nothing.
class null_room {
public:
  const actors::room_actor& handle() const noexcept { return room_; }
  caf::actor_system& system() noexcept { return system_; }

private:
  static actors::room_actor::behavior_type behavior() {
    return {
        [](const actors::events&) {}, [](const actors::flushed&) {}, [](const actors::join&) {},
        [](const actors::leave&) {}, [](const actors::room_notice&) {}};
  }

  caf::actor_system_config config_;
  caf::actor_system system_{config_};
  // Behind the system: its last handle goes first, and with it the actor, which the system waits for.
  actors::room_actor room_ = system_.spawn([](actors::room_actor::pointer) { return behavior(); });
};

} // namespace roomcast::bench
