#pragma once

#include "actors/actor_host.hpp"
#include "actors/bridge_ring.hpp"
#include "actors/interfaces.hpp"
#include "actors/io_actor.hpp"
#include "actors/room.hpp"

#include <atomic>
#include <unordered_map>
#include <vector>

namespace roomcast::actors {

/// Which rooms are active on this node. Owns the way from a name to its room: joins and leaves go through
/// it, so that those of one connection stay in order. Runs on an I/O thread.
class lobby final : public io_actor<lobby_actor::base> {
public:
  /// A new room runs on the host that its name's hash picks. `bridges` outlives the actor; `active_rooms` is
  /// kept up to date for others to read.
  lobby(
      caf::actor_config& config, std::vector<actor_host*> hosts, const bridge_ring& bridges, room_rules rules,
      std::atomic<uint64_t>& active_rooms);

  const char* name() const override { return "lobby"; }
  /// Rooms end with their lobby.
  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  struct entry {
    room_actor handle;
    uint64_t joins = 0; // forwarded to it
  };
  using room_map = std::unordered_map<room_name, entry, room_name_hash, room_name_equal>;

  void on_join(join& message);
  void on_leave(leave& message);
  void on_retire(const retire& message);
  void on_drain(const drain_rooms& message);
  void on_figures(const ask_figures& message);
  void on_room_down(const caf::down_msg& message);

  room_map::iterator open(const room_name& name);
  void forget(room_map::iterator room);
  void tell_connections(const room_name& lost);

  const std::vector<actor_host*> hosts_;
  const bridge_ring& bridges_;
  const room_rules rules_;
  std::atomic<uint64_t>& active_rooms_;
  room_map rooms_;
  std::unordered_map<caf::actor_id, room_name> names_; // of the rooms that are monitored
  std::function<void()> on_empty_;                     // while draining
  uint64_t handled_ = 0;
};

} // namespace roomcast::actors
