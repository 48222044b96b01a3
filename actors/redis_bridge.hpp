#pragma once

#include "actors/channel_naming.hpp"
#include "actors/event_router.hpp"
#include "actors/io_actor.hpp"
#include "actors/publish_queue.hpp"
#include "actors/redis_log.hpp"
#include "actors/redis_presence.hpp"
#include "actors/room_rules.hpp"
#include "core/ids.hpp"
#include "net/redis_bus.hpp"

#include <atomic>
#include <memory>
#include <string>

namespace roomcast::actors {

/// The bus of a cluster: owns subscribe and publish on one Redis server, and routes channel messages to room
/// actors. Runs on an I/O thread, where it owns the links. `ready` follows the bus for others to read.
class redis_bridge final : public io_actor<bridge_actor::base>, public net::redis_bus_handler {
public:
  redis_bridge(
      caf::actor_config& config, io_unit& unit, std::unique_ptr<net::redis_bus> bus, std::string server,
      channel_naming naming, room_rules rules, boot_id boot, std::atomic<bool>& ready);

  const char* name() const override { return "bridge"; }
  void on_exit() override;

protected:
  behavior_type make_behavior() override;
  void on_drained() override;

private:
  // -- what actors want ----------------------------------------------------------

  void on_attach(const attach_room& message);
  void on_detach(const detach_room& message);
  void on_resume();
  void on_figures(const ask_figures& message);
  void on_stop(const stop_bridge& message);
  void finish_stop();

  // -- what Redis says -------------------------------------------------------------

  void enter(net::function_ref<void()> turn) override;
  void on_ready(bool ready, std::string_view reason) override;
  void on_subscribed(void* owner) override;
  void on_message(void* owner, std::string_view payload) override;
  void on_read_end() override;
  void on_published(uint64_t cookie, net::publish_result outcome, const net::resp_value* reply) override;
  void on_reply(uint64_t cookie, const net::resp_value* reply) override;

  // -- helpers -----------------------------------------------------------------------

  std::string_view channel_of(const room_name& room);

  std::unique_ptr<net::redis_bus> bus_;
  script_runner scripts_; // every command of the bus
  redis_log log_;
  const std::string server_;
  const channel_naming naming_;
  const room_rules rules_;
  const boot_id boot_;
  std::atomic<bool>& ready_;
  event_router router_;
  std::string channel_; // scratch
  publish_queue publishes_;
  redis_presence presence_;
  std::function<void()> on_stopped_;
  bool reading_ = true;
  bool started_ = false;
  uint64_t dropped_payloads_ = 0;
  uint64_t handled_ = 0;
};

} // namespace roomcast::actors
