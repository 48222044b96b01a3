#include "actors/node.hpp"

#include "actors/connection.hpp"
#include "actors/stats_collector.hpp"
#include "core/limits.hpp"
#include "core/log.hpp"
#include "net/io_thread.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <random>
#include <unistd.h>

namespace roomcast::actors {
namespace {

uint64_t resident_bytes() {
  unsigned long total = 0;
  unsigned long resident = 0;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::fopen("/proc/self/statm", "r"), std::fclose};
  if (!file || std::fscanf(file.get(), "%lu %lu", &total, &resident) != 2) return 0;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

/// Spreads the return of many clients over a time that grows with their number.
std::string retry_reason(size_t connections) {
  static thread_local std::minstd_rand random{std::random_device{}()};
  const auto longest = static_cast<unsigned>(std::min<size_t>(1'000 + connections / 2, 30'000));
  return "retry-ms=" + std::to_string(std::uniform_int_distribution<unsigned>{0, longest}(random));
}

/// Asks the first `most` connections of a host that are not closing yet. On the host's I/O thread.
void close_connections(actor_host& host, size_t most, close_code code, size_t all) {
  for (auto* c : host.connections()) {
    if (most == 0) return;
    if (!c->start_closing()) continue;
    caf::anon_send(
        connection_actor{c},
        notice{
            close_connection{code, code == close_code::service_restart ? retry_reason(all) : std::string{}}});
    --most;
  }
}

} // namespace

node::node(caf::actor_config& config, node_services services) :
    node_actor::base(config),
    services_(std::move(services)),
    started_(clock::now()),
    last_tick_(started_),
    stopped_(services_.bridges.all().size()) {
  set_down_handler([this](caf::down_msg& m) { on_down(m); });
}

node::behavior_type node::make_behavior() {
  monitor(services_.lobby);
  for (const auto& bridge : services_.bridges.all()) monitor(bridge);
  send(this, node_tick{});
  return {
      [this](const stats_query& m) { on_query(m); },
      [this](const node_tick&) { on_tick(); },
      [this](const stop_node&) { on_stop(); },
      [this](const drain_step&) { on_drain_step(); },
      [this](const rooms_gone&) { on_rooms_gone(); },
      [this](const bridge_stopped& m) { on_bridge_stopped(m); },
      [this](const cluster_seen& m) { on_cluster_seen(m); },
      [this](const ask_figures& m) { on_figures(m); },
  };
}

// -- figures ---------------------------------------------------------------------

void node::on_query(const stats_query& message) {
  ++handled_;
  const auto groups_of = [this](stats_view view) -> size_t {
    switch (view) {
    case stats_view::connections: return services_.hosts.size();
    case stats_view::actors: return services_.hosts.size() + 2; // the lobby; bridges and node
    default: return 1;
    }
  };
  const auto collector = spawn_collector(
      system(), {message.view, groups_of(message.view), figures_now(), message.answer,
                 message.view == stats_view::cluster ? node_actor{this} : node_actor{}});
  switch (message.view) {
  case stats_view::node:
    caf::anon_send(collector, expected_answers{services_.bridges.all().size()});
    ask_bridges(collector);
    break;
  case stats_view::rooms: caf::anon_send(services_.lobby, ask_figures{collector}); break;
  case stats_view::connections: ask_connections(collector); break;
  case stats_view::actors:
    caf::anon_send(collector, expected_answers{services_.bridges.all().size() + 1});
    ask_bridges(collector);
    send(this, ask_figures{collector});
    caf::anon_send(services_.lobby, ask_figures{collector});
    ask_connections(collector);
    break;
  case stats_view::cluster: ask_about_cluster(collector); break;
  }
}

void node::ask_bridges(const collector_actor& collector) const {
  for (const auto& bridge : services_.bridges.all()) caf::anon_send(bridge, ask_figures{collector});
}

// All that work, and not one of them alone: nodes with other servers may be known to some of ours only.
void node::ask_about_cluster(const collector_actor& collector) const {
  const auto& bridges = services_.bridges.all();
  const auto ready = services_.gauges.ready_buses();
  size_t asked = 0;
  for (size_t i = 0; i < bridges.size(); ++i) {
    if (ready > 0 && !services_.gauges.bus_ready[i]) continue;
    caf::anon_send(bridges[i], ask_cluster{collector});
    ++asked;
  }
  caf::anon_send(collector, expected_answers{asked});
}

void node::ask_connections(const collector_actor& collector) const {
  for (auto* host : services_.hosts)
    host->thread().post([host, collector] {
      caf::anon_send(collector, expected_answers{host->connections().size()});
      for (auto* c : host->connections()) caf::anon_send(connection_actor{c}, notice{ask_figures{collector}});
    });
}

void node::on_figures(const ask_figures& message) {
  ++handled_;
  figures mine;
  mine.actor = {name(), id(), services_.id, mailbox().size(), handled_, state()};
  caf::anon_send(message.collector, std::move(mine));
}

node::totals node::count() const {
  totals sum;
  for (const auto* host : services_.hosts) {
    const auto& t = host->counted();
    sum.messages_in += t.messages_in.load(std::memory_order_relaxed);
    sum.messages_out += t.messages_out.load(std::memory_order_relaxed);
    sum.bytes_in += t.bytes_in.load(std::memory_order_relaxed);
    sum.bytes_out += t.bytes_out.load(std::memory_order_relaxed);
    sum.connections += t.connections.load(std::memory_order_relaxed);
    sum.failed_requests += t.failed_requests.load(std::memory_order_relaxed);
    sum.refused_joins += t.refused_joins.load(std::memory_order_relaxed);
    sum.rate_limited += t.rate_limited.load(std::memory_order_relaxed);
    sum.flood_pauses += t.flood_pauses.load(std::memory_order_relaxed);
    sum.paused_reads += t.paused_reads.load(std::memory_order_relaxed);
  }
  return sum;
}

wire::node_figures node::figures_now() const {
  const auto sum = count();
  wire::node_figures f;
  f.id = services_.id;
  f.boot = services_.boot;
  f.version = services_.version;
  f.uptime_s = static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(clock::now() - started_).count());
  f.state = state();
  f.connections = sum.connections;
  f.rooms = services_.gauges.rooms;
  f.messages_in = sum.messages_in;
  f.messages_out = sum.messages_out;
  f.messages_in_per_s = in_per_s_;
  f.messages_out_per_s = out_per_s_;
  f.bytes_in = sum.bytes_in;
  f.bytes_out = sum.bytes_out;
  f.resident_bytes = resident_bytes();
  f.io_threads = services_.hosts.size();
  f.ring = services_.bridges.fingerprint();
  f.counters = services_.counters();
  f.counters.insert(
      f.counters.end(), {{"failed_requests", sum.failed_requests},
                         {"refused_joins", sum.refused_joins},
                         {"rate_limited", sum.rate_limited},
                         {"flood_pauses", sum.flood_pauses},
                         {"paused_reads", sum.paused_reads}});
  const auto queued = [](const auto& counter) { return counter.first == "queue_bytes"; };
  if (const auto found = std::find_if(f.counters.begin(), f.counters.end(), queued);
      found != f.counters.end()) {
    f.queue_bytes = found->second;
    f.counters.erase(found);
  }
  return f;
}

wire::cluster_node node::heartbeat_now() const {
  wire::cluster_node mine;
  mine.id = services_.id;
  mine.boot = services_.boot;
  mine.version = services_.version;
  mine.state = state();
  mine.connections = last_totals_.connections;
  mine.rooms = services_.gauges.rooms;
  mine.messages_in_per_s = in_per_s_;
  mine.messages_out_per_s = out_per_s_;
  mine.resident_bytes = resident_bytes();
  mine.ring = services_.bridges.fingerprint();
  mine.self = true;
  return mine;
}

void node::beat() const {
  const heartbeat now{heartbeat_now()};
  for (const auto& bridge : services_.bridges.all()) caf::anon_send(bridge, now);
}

void node::on_tick() {
  ++handled_;
  const auto now = clock::now();
  const auto sum = count();
  if (const double elapsed = std::chrono::duration<double>(now - last_tick_).count(); elapsed > 0) {
    in_per_s_ = static_cast<double>(sum.messages_in - last_totals_.messages_in) / elapsed;
    out_per_s_ = static_cast<double>(sum.messages_out - last_totals_.messages_out) / elapsed;
  }
  last_tick_ = now;
  last_totals_ = sum;
  beat();
  if (++beats_ % limits::ring_check_beats == 0 && !services_.bridges.fingerprint().empty())
    send(this, stats_query{stats_view::cluster, [](const std::string&) {}});
  delayed_send(this, limits::heartbeat_interval, node_tick{});
}

void node::on_cluster_seen(const cluster_seen& message) {
  ++handled_;
  std::string strangers;
  for (const auto& other : message.nodes)
    if (other.ring_differs) strangers += (strangers.empty() ? "" : ",") + other.id;
  const bool all_in_sight = services_.gauges.ready_buses() == stopped_.size();
  if (strangers == strangers_ || (strangers.empty() && !all_in_sight)) return;
  strangers_ = strangers;
  if (strangers.empty()) return log::info("redis_urls_agree", {{"ring", services_.bridges.fingerprint()}});
  log::warning("redis_urls_differ", {{"nodes", strangers}, {"ring", services_.bridges.fingerprint()}});
}

// -- stopping --------------------------------------------------------------------

void node::on_stop() {
  ++handled_;
  if (failed_) return; // it ends already
  if (++stops_ == 1) return begin_drain();
  log::info("stopping_now", {{"connections", count().connections}});
  close_some(SIZE_MAX, close_code::going_away);
}

void node::begin_drain() {
  services_.gauges.draining.store(true);
  services_.stop_accepting();
  const auto connections = count().connections;
  log::info("draining", {{"connections", connections}});
  drain_batch_ = std::max<size_t>(limits::drain_min_batch, connections / 100);
  drain_until_ = system().clock().now() + services_.drain_time;
  beat();
  send(this, drain_step{});
}

void node::on_drain_step() {
  ++handled_;
  if (failed_) return on_failed_step();
  const auto now = system().clock().now();
  const bool late = now >= drain_until_;
  const auto left = count().connections;
  if (left > 0 && now >= drain_until_ + limits::close_timeout + limits::drain_reserve) {
    log::warning("drain_cut", {{"connections", left}});
    end_connections();
  } else if (left > 0) {
    const auto hosts = services_.hosts.size();
    close_some(late ? SIZE_MAX : (drain_batch_ + hosts - 1) / hosts, close_code::service_restart);
  } else if ((late || services_.all_closed()) && !std::exchange(rooms_asked_, true)) {
    auto gone = [self = node_actor{this}] { caf::anon_send(self, rooms_gone{}); };
    return caf::anon_send(services_.lobby, drain_rooms{gone});
  }
  delayed_send(this, limits::drain_step, drain_step{});
}

void node::close_some(size_t share, close_code code) {
  const auto all = count().connections;
  for (auto* host : services_.hosts)
    host->thread().post([host, share, code, all] { close_connections(*host, share, code, all); });
}

/// For those that a close frame did not end in time.
void node::end_connections() {
  for (auto* host : services_.hosts)
    host->thread().post([host] {
      for (auto* c : host->connections())
        caf::anon_send_exit(connection_actor{c}, caf::exit_reason::user_shutdown);
    });
}

void node::on_rooms_gone() {
  ++handled_;
  for (size_t i = 0; i < stopped_.size(); ++i) {
    auto stopped = [self = node_actor{this}, i] { caf::anon_send(self, bridge_stopped{i}); };
    caf::anon_send(services_.bridges.all()[i], stop_bridge{stopped});
  }
}

void node::on_bridge_stopped(const bridge_stopped& message) {
  ++handled_;
  stopped_[message.which] = true;
  if (std::count(stopped_.begin(), stopped_.end(), false) > 0) return;
  log::info("stopped");
  services_.on_stopped(true);
  quit();
}

void node::on_down(const caf::down_msg& message) {
  for (size_t i = 0; i < stopped_.size(); ++i) // one that was asked to stop has said so before it went
    if (stopped_[i] && services_.bridges.all()[i].address() == message.source) return;
  log::error("actor_failed", {{"actor", to_string(message.source)}, {"reason", to_string(message.reason)}});
  if (std::exchange(failed_, true)) return;
  services_.gauges.draining.store(true);
  drain_until_ = system().clock().now() + limits::failure_patience;
  close_some(SIZE_MAX, close_code::internal_error);
  send(this, drain_step{});
}

/// Clients are to learn why, but the node is of no use any more: it waits for them only a little.
void node::on_failed_step() {
  if (count().connections > 0 && system().clock().now() < drain_until_)
    return delayed_send(this, limits::drain_step, drain_step{});
  services_.on_stopped(false);
  quit();
}

} // namespace roomcast::actors
