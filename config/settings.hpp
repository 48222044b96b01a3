#pragma once

#include "core/error.hpp"
#include "core/limits.hpp"
#include "core/log.hpp"
#include "core/slow_policy.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace roomcast::config {

enum class bus_kind : uint8_t { memory, redis };
enum class publish_rule : uint8_t { anyone, members };

struct server_settings {
  std::string host = "::"; ///< `::` is dual stack and falls back to 0.0.0.0 where there is no IPv6
  uint16_t port = 8080;    ///< 0: any free port
  unsigned io_threads = 0; ///< 0: one per core in the affinity mask; 1-64
  bus_kind bus = bus_kind::memory;
  std::string node_id; ///< 1-64 of [A-Za-z0-9._-]; empty: the host name, or `node` and random digits where
                       ///< that is unfit
  std::chrono::milliseconds drain_time{30'000}; ///< upper bound for a drain; 0-1h
  std::string admin_token;                      ///< empty: stats are for loopback alone
};

struct redis_settings {
  std::vector<std::string> urls{"redis://127.0.0.1:6379"}; ///< 1-16; rooms are spread over them
  std::string prefix = "roomcast:";       ///< of every key and channel; no braces, no control characters
  std::string channel = "{prefix}ch:{%}"; ///< channel template: `%` (once) is the room, `{prefix}` the prefix
  std::string tls_ca;                     ///< file of the certificates to trust, PEM; empty: the system's
  bool tls_verify = true;                 ///< whether a server must prove who it is

  /// Whether the template keeps roomcast's own headers: false for one without the prefix, shared with classic
  /// servers.
  bool headers() const { return channel.find("{prefix}") != std::string::npos; }
};

struct limit_settings {
  size_t max_message_bytes = limits::max_message_bytes;     ///< 128 - 1,000,000: fits a bus payload
  size_t max_rooms_per_connection = 100;                    ///< 1 - 10,000
  size_t max_room_name_bytes = limits::max_room_name_bytes; ///< 1 - 255
  size_t max_queue_bytes =
      limits::max_queue_bytes;                ///< per connection; at least max_message_bytes, at most 1 GiB
  size_t json_depth = limits::max_json_depth; ///< 1 - 256
  size_t max_connections = 0;                 ///< 0: the open-file limit less a reserve
  size_t max_connections_per_address = 0;     ///< an IPv6 client counts by its /64; 0: no limit
  size_t connections_per_second = 0;          ///< of this node; 0: no limit
  size_t messages_per_second = 0;             ///< of one connection; 0: no limit
  size_t bytes_per_second = 0;                ///< received from one connection; 0: no limit
  size_t max_output_memory = 0;               ///< all output queues together, in bytes; 0: no limit
};

/// What is different for the rooms whose name begins with `prefix`; nothing: as in `rooms`.
struct namespace_settings {
  std::string prefix; ///< 1-255 bytes, as room names
  std::optional<slow_policy> slow_consumer;
  std::optional<uint32_t> history_size;
  std::optional<std::chrono::milliseconds> history_ttl;
  std::optional<std::chrono::milliseconds> presence_grace;
};

struct room_settings {
  publish_rule publish = publish_rule::anyone;
  slow_policy slow_consumer = slow_policy::disconnect;
  std::vector<namespace_settings> namespaces; ///< the longest prefix that fits counts; none twice
  std::chrono::milliseconds linger{1'000};    ///< an empty room keeps its subscription for so long; 0-1h
  uint32_t history_size = 0;                  ///< messages kept per room; 0: no history; at most 100,000
  std::chrono::milliseconds history_ttl{3'600'000}; ///< after the last message the history goes; 1s-30 days
  std::chrono::milliseconds presence_grace{0};      ///< who comes back within it was never gone; 0-5min

  /// Whether any room has a history.
  bool any_history() const;
};

struct log_settings {
  log::level level = log::level::info;
  log::format format = log::format::text;
};

/// Everything that can be configured, with its defaults; checked as a whole by validate().
/// config/caf-application.conf documents each key.
struct settings {
  server_settings server;
  redis_settings redis;
  limit_settings limits;
  room_settings rooms;
  log_settings log;

  /// Empty when all is well, or one line: which key, which value, what is allowed.
  std::string validate() const;
};

} // namespace roomcast::config
