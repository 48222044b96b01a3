#pragma once

#include "app/http_api.hpp"
#include "config/caf_config.hpp"
#include "config/loader.hpp"
#include "net/io_thread.hpp"
#include "net/redis_bus.hpp"

#include <caf/actor_system.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace roomcast::app {

/// A whole node, wired: I/O threads, actor system, actors, server. Built stopped; main thread.
///
/// The members are in the order of start; they go in the reverse order, after the actors have ended.
class running_node {
public:
  /// Binds the port; nothing runs yet. The error is one line.
  static result<std::unique_ptr<running_node>, std::string> open(const config::configuration& loaded);

  running_node(const running_node&) = delete;
  running_node& operator=(const running_node&) = delete;
  /// Ends whatever still runs.
  ~running_node();

  /// Starts threads and actors, and accepts. `on_stopped(clean)` is called once, on any thread, when the node
  /// has stopped by itself or by stop().
  void start(std::function<void(bool clean)> on_stopped);

  /// The first call drains, the second closes all connections now. Any thread.
  void stop();

  uint16_t port() const noexcept { return server_->port(); }
  const std::string& id() const noexcept { return id_; }

private:
  explicit running_node(const config::configuration& loaded);

  std::vector<net::io_thread*> thread_pointers() const;
  std::vector<actors::actor_host*> host_pointers() const;
  std::vector<actors::bridge_ring::server> spawn_bridges();
  actors::bridge_actor
  spawn_redis_bridge(actors::actor_host& host, const net::redis_endpoint& endpoint, size_t i);
  void end_services();
  void end_actors();
  std::vector<std::pair<std::string, uint64_t>> counters() const;

  const config::settings settings_;
  const std::string id_;
  const boot_id boot_;
  actors::node_gauges gauges_;
  std::vector<std::unique_ptr<net::io_thread>> threads_;
  config::caf_config caf_config_;
  std::unique_ptr<caf::actor_system> system_;
  std::vector<std::unique_ptr<actors::actor_host>> hosts_;
  const actors::bridge_ring bridges_;
  actors::lobby_actor lobby_;
  actors::node_actor node_;
  std::unique_ptr<actors::connection_services> connections_;
  std::unique_ptr<http_api> api_;
  std::unique_ptr<net::server> server_;
};

} // namespace roomcast::app
