#pragma once

#include "actors/interfaces.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace roomcast::actors {

/// The bridges of a node, and which of them a room belongs to: consistent hashing over the servers' names, so
/// that all nodes with the same servers agree without asking, and a server more or less moves few rooms. With
/// one server there is nothing to hash. Immutable; any thread.
class bridge_ring {
public:
  /// One server and the bridge to it.
  struct server {
    std::string name; ///< `host:port/db`; empty: the memory bus
    bridge_actor bridge;
  };

  /// At least one, no name twice, in any order.
  explicit bridge_ring(std::vector<server> servers);

  /// The bridge of a room.
  const bridge_actor& of(const room_name& room) const noexcept {
    return points_.empty() ? bridges_.front() : find(room);
  }

  /// All bridges, in the order of their servers' names.
  const std::vector<bridge_actor>& all() const noexcept { return bridges_; }

  /// What nodes must have in common to agree about rooms: 16 hex digits made of the names. Of a single server
  /// `single`: nodes that see each other there share it, under whatever names. Empty: the memory bus.
  const std::string& fingerprint() const noexcept { return fingerprint_; }

private:
  /// Rooms that hash to here, or between the point before and here, belong to the server.
  struct point {
    uint64_t at;
    size_t server;
  };

  const bridge_actor& find(const room_name& room) const noexcept;

  std::vector<bridge_actor> bridges_;
  std::vector<point> points_; // ascending; empty: one server
  std::string fingerprint_;
};

} // namespace roomcast::actors
