#pragma once

#include "actors/actor_host.hpp"
#include "actors/attendance.hpp"
#include "actors/event_router.hpp"
#include "actors/io_actor.hpp"
#include "actors/memory_log.hpp"

#include <atomic>
#include <unordered_map>

namespace roomcast::actors {

/// The bus of a node that stands alone: no Redis, same interface, same guarantees. Runs on an I/O thread.
class local_bridge final : public io_actor<bridge_actor::base> {
public:
  /// `ready` becomes true at once.
  local_bridge(caf::actor_config& config, io_unit& unit, room_rules rules, std::atomic<bool>& ready);

  const char* name() const override { return "bridge"; }
  void on_exit() override { router_.release_all(); }

protected:
  behavior_type make_behavior() override;
  void on_drained() override { router_.hand_out(); }

private:
  void on_publish(const publish& message);
  void on_ask_log(const ask_log& message);
  void on_ask_history(const ask_history& message);
  void on_attach(const attach_room& message);
  void on_detach(const detach_room& message);
  void on_presence(const change_presence& message);
  void on_question(const ask_presence& message);
  void apply(const room_name& room, attendance& users, const presence_op& step);
  void depart(const room_name& room, attendance& users, connection_id who, std::string_view reason);
  void tell_members(const room_name& room, const std::string& text, connection_id excluded);
  void on_figures(const ask_figures& message);

  uint64_t now_ms();

  const room_rules rules_;
  std::atomic<bool>& ready_;
  memory_log log_;
  event_router router_;
  std::unordered_map<room_name, attendance, room_name_hash, room_name_equal> users_; // of rooms that have any
  wire::cluster_node self_;
  uint64_t published_ = 0;
  uint64_t refused_ = 0;
  uint64_t handled_ = 0;
};

} // namespace roomcast::actors
