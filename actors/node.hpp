#pragma once

#include "actors/actor_host.hpp"
#include "actors/bridge_ring.hpp"
#include "actors/interfaces.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace roomcast::actors {

/// Flags and gauges of a node that more than one thread reads: HTTP answers by them without asking an actor.
struct node_gauges {
  explicit node_gauges(size_t buses = 1) : bus_ready(buses) {}

  /// How many buses work. A node serves with any of them: the others' rooms alone are away.
  size_t ready_buses() const {
    return static_cast<size_t>(std::count(bus_ready.begin(), bus_ready.end(), true));
  }

  std::vector<std::atomic<bool>> bus_ready; ///< in the order of bridge_ring::all()
  std::atomic<bool> draining{false};
  std::atomic<uint64_t> rooms{0};
  std::atomic<uint64_t> refused_by_drain{0}; ///< upgrades answered 503 because of `draining`
};

/// What the node actor needs of its surroundings; all of it outlives the actor.
struct node_services {
  std::string id;
  boot_id boot;
  std::string version;
  std::vector<actor_host*> hosts;
  lobby_actor lobby;
  const bridge_ring& bridges;
  node_gauges& gauges;
  std::chrono::milliseconds drain_time;
  /// The server's counters by name, and bytes in output queues under `queue_bytes`.
  std::function<std::vector<std::pair<std::string, uint64_t>>()> counters;
  std::function<void()> stop_accepting; ///< called once, when the drain begins
  /// Whether no socket is open any more and none will be; a handshake that is still under way counts as one.
  std::function<bool()> all_closed;
  std::function<void(bool clean)> on_stopped; ///< called once, at the end
};

/// The root of a node: gathers figures, beats for the cluster, drains. Supervises lobby and bridges: without
/// one of them a node is of no use, so it closes all connections with 1011 and ends. Says when other nodes
/// have other Redis servers. Runs on CAF's scheduler.
class node final : public node_actor::base {
public:
  node(caf::actor_config& config, node_services services);

  const char* name() const override { return "node"; }

protected:
  behavior_type make_behavior() override;

private:
  struct totals {
    uint64_t messages_in = 0;
    uint64_t messages_out = 0;
    uint64_t bytes_in = 0;
    uint64_t bytes_out = 0;
    uint64_t connections = 0;
    uint64_t failed_requests = 0;
    uint64_t refused_joins = 0;
    uint64_t rate_limited = 0;
    uint64_t flood_pauses = 0;
    uint64_t paused_reads = 0;
  };

  void on_query(const stats_query& message);
  void on_tick();
  void on_stop();
  void on_drain_step();
  void on_failed_step();
  void on_rooms_gone();
  void on_bridge_stopped(const bridge_stopped& message);
  void on_cluster_seen(const cluster_seen& message);
  void on_figures(const ask_figures& message);
  void on_down(const caf::down_msg& message);

  void begin_drain();
  void close_some(size_t share, close_code code);
  void end_connections();
  totals count() const;
  wire::node_figures figures_now() const;
  wire::cluster_node heartbeat_now() const;
  void ask_connections(const collector_actor& collector) const;
  void ask_bridges(const collector_actor& collector) const;
  void ask_about_cluster(const collector_actor& collector) const;
  void beat() const;
  const char* state() const noexcept { return services_.gauges.draining ? "draining" : "serving"; }

  using clock = std::chrono::steady_clock;

  node_services services_;
  const clock::time_point started_;
  clock::time_point drain_until_;
  clock::time_point last_tick_;
  totals last_totals_;
  double in_per_s_ = 0;
  double out_per_s_ = 0;
  size_t drain_batch_ = 0; // connections closed per step
  unsigned stops_ = 0;     // signals so far
  bool rooms_asked_ = false;
  bool failed_ = false;       // lobby or a bridge
  std::vector<bool> stopped_; // bridges
  unsigned beats_ = 0;
  std::string strangers_; // nodes with other Redis servers
  uint64_t handled_ = 0;
};

} // namespace roomcast::actors
