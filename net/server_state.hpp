#pragma once

#include "core/token_bucket.hpp"
#include "net/address_table.hpp"
#include "net/server.hpp"

#include <mutex>
#include <optional>

namespace roomcast::net {

/// What the server and all that it leaves behind share. HTTP connections and sessions refer to it for as long
/// as they live. Any thread.
struct server_state {
  server_options options;
  server_counters counters;
  address_table addresses; // used only with options.max_connections_per_address

  /// A socket that was counted in counters.open, and perhaps in `addresses`, is closed.
  void closed(const boost::asio::ip::address& peer) noexcept {
    counters.open.fetch_sub(1, std::memory_order_relaxed);
    if (options.max_connections_per_address > 0) addresses.leave(peer);
  }

  /// Takes one from options.connections_per_second; false: this WebSocket is one too many now.
  bool may_upgrade(uint64_t now_ms) {
    if (options.connections_per_second == 0) return true;
    std::lock_guard guard{upgrade_gate};
    if (!upgrades) upgrades.emplace(options.connections_per_second, now_ms);
    return upgrades->take(1, now_ms);
  }
  std::mutex upgrade_gate; // held once per handshake, where that rate is limited
  std::optional<token_bucket> upgrades;

  /// Whether more waits in all output queues together than the node is willing to hold.
  bool over_memory() const noexcept {
    return options.max_output_memory > 0
           && counters.queued_bytes.load(std::memory_order_relaxed) >= options.max_output_memory;
  }

  /// What may wait for one session now, in bytes. Above max_output_memory it sinks, from max_queue_bytes to
  /// nothing at nine eighths of it, so that the longest queues are cut first.
  size_t queue_bound() const noexcept {
    if (!over_memory()) return options.max_queue_bytes;
    const double over = static_cast<double>(
        counters.queued_bytes.load(std::memory_order_relaxed) - options.max_output_memory);
    const double share = 1 - over * 8 / static_cast<double>(options.max_output_memory);
    return share > 0 ? static_cast<size_t>(static_cast<double>(options.max_queue_bytes) * share) : 0;
  }
};

} // namespace roomcast::net
