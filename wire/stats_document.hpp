#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The documents of `GET /api/v1/stats...` (docs/operations.md): plain figures in, JSON text out.
namespace roomcast::wire {

/// What every actor says of itself.
struct actor_figures {
  std::string kind; ///< `node`, `bridge`, `lobby`, `room`, `connection`
  uint64_t id = 0;  ///< CAF's actor id
  std::string name; ///< room name, address or server
  uint64_t mailbox = 0;
  uint64_t handled = 0; ///< messages
  std::string state;
};

struct connection_figures {
  uint64_t id = 0;
  std::string address;
  uint64_t rooms = 0;
  uint64_t queue_bytes = 0;
  uint64_t messages_in = 0;
  uint64_t messages_out = 0;
  uint64_t age_s = 0;
  std::string dialect;
  uint64_t dropped_events = 0; ///< that waited for it too long
};

struct room_figures {
  std::string room;
  uint64_t members = 0;
  uint64_t users = 0;
  uint64_t messages = 0;
  uint64_t bytes = 0;
  uint64_t pending_bytes = 0;
  std::string state;
  uint64_t seq = 0;      ///< newest number of its history; 0: none, or it has no history
  uint64_t repaired = 0; ///< messages that came from the history because the bus had not brought them
  uint64_t missed = 0;   ///< and those that were not there either: told as `gap`
};

struct bus_figures {
  std::string kind;   ///< `memory` or `redis`
  std::string server; ///< `host:port/db`, empty for memory
  std::string state;  ///< `up`, `connecting`, `down`
  bool ready = false;
  int64_t round_trip_us = -1;
  uint64_t published = 0;
  uint64_t received = 0;
  uint64_t refused = 0;
  uint64_t unknown = 0;
  uint64_t reconnects = 0;
  uint64_t unanswered_bytes = 0;
  uint64_t unflushed_bytes = 0;
  uint64_t subscriptions_wanted = 0;
  uint64_t subscriptions_confirmed = 0;
  uint64_t dropped_payloads = 0;  ///< messages from the bus that were no JSON object, not UTF-8 or too large
  uint64_t refused_questions = 0; ///< `presence` requests for which the bus had no time
  uint64_t evicted_messages = 0;  ///< of the memory bus' history, before their time
};

struct node_figures {
  std::string id;
  std::string boot;
  std::string version;
  uint64_t uptime_s = 0;
  std::string state; ///< `serving` or `draining`
  uint64_t connections = 0;
  uint64_t rooms = 0;
  uint64_t messages_in = 0;
  uint64_t messages_out = 0;
  double messages_in_per_s = 0;
  double messages_out_per_s = 0;
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
  uint64_t queue_bytes = 0;
  uint64_t resident_bytes = 0;
  uint64_t io_threads = 0;
  std::string ring; ///< fingerprint of the Redis servers; empty: the memory bus
  std::vector<std::pair<std::string, uint64_t>> counters;
};

/// A node's heartbeat, as the other nodes see it.
struct cluster_node {
  std::string id;
  std::string boot;
  std::string version;
  std::string state;
  uint64_t connections = 0;
  uint64_t rooms = 0;
  double messages_in_per_s = 0;
  double messages_out_per_s = 0;
  uint64_t resident_bytes = 0;
  std::string ring;   ///< fingerprint of its Redis servers; empty: unknown, or the memory bus
  int64_t age_ms = 0; ///< since the heartbeat
  bool self = false;
  bool ring_differs = false; ///< from that of the node that answers: they do not agree where rooms are
};

/// One row for each run of a node, by id: of what several servers say the latest heartbeat. `ring` is the
/// fingerprint of the node that answers.
std::vector<cluster_node> merge_heartbeats(std::vector<cluster_node> nodes, std::string_view ring);

// `missing`: how many actors did not answer in time.
/// `bus` is the first of `buses`, for whom one is enough.
std::string node_document(const node_figures& node, const std::vector<bus_figures>& buses, uint64_t missing);
std::string rooms_document(const std::vector<room_figures>& rooms, uint64_t missing);
std::string connections_document(const std::vector<connection_figures>& connections, uint64_t missing);
std::string actors_document(const std::vector<actor_figures>& actors, uint64_t missing);
std::string cluster_document(const std::vector<cluster_node>& nodes, uint64_t missing);

/// The value kept in Redis for a node: what the node says of itself.
std::string encode_heartbeat(const cluster_node& node);
/// False for anything that encode_heartbeat has not written.
bool decode_heartbeat(std::string_view text, cluster_node& node) noexcept;

} // namespace roomcast::wire
