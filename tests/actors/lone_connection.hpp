#pragma once

#include "actors/connection.hpp"
#include "actors/room.hpp"
#include "core/limits.hpp"
#include "tests/actors/fake_session.hpp"
#include "tests/actors/probes.hpp"

using namespace roomcast;
using namespace roomcast::actors;

namespace {

/// With a lobby and a bus that say nothing by themselves.
struct lone_fixture : actor_fixture {
  using actor_fixture::actor_fixture;
  std::atomic<bool> draining{false};
  bridge_probe bridge{*this};
  lobby_probe lobby{*this};
  connection_services services{lobby.handle, bridge.ring(), {255, 32}, 2, limits::max_queue_bytes,
                               false,        draining};
  client ann = connect(*this, services, 1);
  room_name name = named("r"); // the room's own
  room_actor owner =
      own(room_actor{sys.spawn<room>(unit(), name, bridge.handle, lobby.handle, room_options{1s})});

  ~lone_fixture() override { end_all(); }

  void says(std::string text) {
    ann->says(std::move(text));
    settle();
  }
  void let_in() { tell(ann.handle, joined{name, member_slot{4}, lobby.last_join().purpose, {}}); }
  void enter_room() {
    says(R"({"type":"SUBSCRIBE","room":"r"})");
    let_in();
    lobby.heard();
  }
  void deliver_to_ann(std::initializer_list<event> list, const room_name& room) {
    batch_builder builder;
    for (const auto& e : list) builder.append(e.text, e.at.seq, e.excluded);
    tell(ann.handle, deliver{builder.seal(room, caf::actor_cast<caf::strong_actor_ptr>(owner))});
  }
};

} // namespace
