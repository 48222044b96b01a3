#pragma once

#include "actors/actor_host.hpp"
#include "actors/connection.hpp"
#include "actors/interfaces.hpp"
#include "actors/node.hpp"
#include "net/server.hpp"

#include <caf/actor_system.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace roomcast::app {

/// What a node serves on its port: the chat page, health, stats, and WebSocket upgrades, each of which
/// becomes a connection actor. Called on the I/O threads; everything it refers to outlives it.
class http_api final : public net::server_handler {
public:
  struct services {
    caf::actor_system& system;
    const std::vector<std::unique_ptr<actors::actor_host>>& hosts; ///< by index of their I/O thread
    const actors::connection_services& connections;
    actors::node_gauges& gauges;
    std::string admin_token; ///< empty: stats for loopback alone
  };

  explicit http_api(services uses) : uses_(std::move(uses)) {}

  /// Who answers stats requests; before that, they are 503. Once, before the server starts.
  void set_node(actors::node_actor node) { node_ = std::move(node); }

  void on_request(net::io_thread& where, net::http_request request, net::http_responder respond) override;
  result<net::upgrade_accept, net::http_response> on_upgrade(const net::http_request& request) override;
  void on_open(
      net::io_thread& where, std::unique_ptr<net::session> opened, const net::http_request& request) override;

private:
  net::http_response ready() const;
  void stats(const net::http_request& request, net::http_responder respond) const;
  bool may_see_stats(const net::http_request& request) const;

  const services uses_;
  actors::node_actor node_;
  std::atomic<uint64_t> last_connection_{0};
};

} // namespace roomcast::app
