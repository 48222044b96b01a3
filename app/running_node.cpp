#include "app/running_node.hpp"

#include "actors/lobby.hpp"
#include "actors/local_bridge.hpp"
#include "actors/redis_bridge.hpp"
#include "core/ids.hpp"
#include "core/limits.hpp"

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <future>
#include <sched.h>
#include <unistd.h>

namespace roomcast::app {
namespace {

bool fit_for_id(std::string_view text) {
  if (text.empty() || text.size() > 64) return false;
  return text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
         == text.npos;
}

/// The configured id, else the host's name: in a cluster of containers that is what people know a node by.
std::string node_id(const std::string& configured) {
  if (!configured.empty()) return configured;
  char host[256] = "";
  if (gethostname(host, sizeof host - 1) == 0 && fit_for_id(host)) return host;
  return "node-" + random_hex(4);
}

unsigned io_thread_count(unsigned configured) {
  if (configured > 0) return configured;
  cpu_set_t mask;
  if (sched_getaffinity(0, sizeof mask, &mask) != 0) return 1;
  return std::max(1, CPU_COUNT(&mask));
}

/// Returns when everything posted to the thread so far has run.
void finish_posts(net::io_thread& thread) {
  std::promise<void> done;
  thread.post([&done] { done.set_value(); });
  done.get_future().wait();
}

std::vector<std::unique_ptr<net::io_thread>> make_threads(unsigned configured) {
  std::vector<std::unique_ptr<net::io_thread>> threads;
  for (unsigned i = 0; i < io_thread_count(configured); ++i)
    threads.push_back(std::make_unique<net::io_thread>(i));
  return threads;
}

std::vector<std::unique_ptr<actors::actor_host>>
make_hosts(caf::actor_system& system, const std::vector<std::unique_ptr<net::io_thread>>& threads) {
  std::vector<std::unique_ptr<actors::actor_host>> hosts;
  for (const auto& thread : threads) hosts.push_back(std::make_unique<actors::actor_host>(system, *thread));
  return hosts;
}

size_t bus_count(const config::settings& s) {
  return s.server.bus == config::bus_kind::redis ? s.redis.urls.size() : 1;
}

/// All servers, in the order of bridge_ring::all(). The URLs were checked when they were loaded.
std::vector<net::redis_endpoint> redis_endpoints(const config::redis_settings& s) {
  std::vector<net::redis_endpoint> all;
  for (const auto& url : s.urls) {
    auto endpoint = *net::redis_endpoint::parse(url); // was checked with the configuration
    endpoint.ca_file = s.tls_ca;
    endpoint.verify_peer = s.tls_verify;
    all.push_back(std::move(endpoint));
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name() < b.name(); });
  return all;
}

net::server_options server_options(const config::settings& s) {
  return {
      s.server.host,
      s.server.port,
      s.limits.max_message_bytes,
      s.limits.max_queue_bytes,
      s.limits.max_connections,
      s.limits.max_connections_per_address,
      s.limits.connections_per_second,
      s.limits.max_output_memory};
}

/// The past that a member gets at once leaves room for the present in its output queue.
actors::room_rules room_rules(const config::room_settings& s, size_t max_queue_bytes) {
  const auto max_past = std::min(limits::max_tail_bytes, max_queue_bytes / 2);
  std::vector<actors::room_rules::exception> exceptions;
  for (const auto& each : s.namespaces)
    exceptions.push_back(
        {each.prefix,
         {s.linger,
          each.slow_consumer.value_or(s.slow_consumer),
          {each.history_size.value_or(s.history_size), each.history_ttl.value_or(s.history_ttl)},
          each.presence_grace.value_or(s.presence_grace),
          max_past}});
  return {
      {s.linger, s.slow_consumer, {s.history_size, s.history_ttl}, s.presence_grace, max_past},
      std::move(exceptions)};
}

} // namespace

result<std::unique_ptr<running_node>, std::string> running_node::open(const config::configuration& loaded) {
  std::unique_ptr<running_node> node{new running_node(loaded)};
  auto server = net::server::open(server_options(node->settings_), node->thread_pointers(), *node->api_);
  if (!server) return std::move(server).failure();
  node->server_ = std::move(*server);
  return node;
}

running_node::running_node(const config::configuration& loaded) :
    settings_(loaded.values),
    id_(node_id(settings_.server.node_id)),
    boot_(random_hex(8)),
    gauges_(bus_count(settings_)),
    threads_(make_threads(settings_.server.io_threads)),
    caf_config_(loaded.scheduler),
    system_(std::make_unique<caf::actor_system>(caf_config_)),
    hosts_(make_hosts(*system_, threads_)),
    bridges_(spawn_bridges()) {
  lobby_ = system_->spawn<actors::lobby>(
      host_pointers(), std::cref(bridges_), room_rules(settings_.rooms, settings_.limits.max_queue_bytes),
      std::ref(gauges_.rooms));
  connections_ = std::make_unique<actors::connection_services>(actors::connection_services{
      lobby_,
      bridges_,
      {settings_.limits.max_room_name_bytes, settings_.limits.json_depth},
      settings_.limits.max_rooms_per_connection,
      settings_.limits.max_queue_bytes,
      settings_.rooms.publish == config::publish_rule::members,
      gauges_.draining,
      {settings_.limits.messages_per_second, settings_.limits.bytes_per_second}});
  api_ = std::make_unique<http_api>(
      http_api::services{*system_, hosts_, *connections_, gauges_, settings_.server.admin_token});
}

std::vector<actors::bridge_ring::server> running_node::spawn_bridges() {
  std::vector<actors::bridge_ring::server> servers;
  if (settings_.server.bus == config::bus_kind::memory) {
    auto& ready = gauges_.bus_ready.front();
    auto& unit = hosts_.front()->unit();
    servers.push_back(
        {"", system_->spawn<actors::local_bridge>(
                 unit, room_rules(settings_.rooms, settings_.limits.max_queue_bytes), std::ref(ready))});
    return servers;
  }
  for (const auto& endpoint : redis_endpoints(settings_.redis)) {
    const auto i = servers.size();
    servers.push_back({endpoint.name(), spawn_redis_bridge(*hosts_[i % hosts_.size()], endpoint, i)});
  }
  return servers;
}

actors::bridge_actor
running_node::spawn_redis_bridge(actors::actor_host& host, const net::redis_endpoint& endpoint, size_t i) {
  const auto& redis = settings_.redis;
  auto bus =
      net::redis_bus::make(host.thread(), endpoint, "roomcast-" + id_, redis.prefix + "probe:" + boot_);
  return system_->spawn<actors::redis_bridge>(
      host.unit(), std::move(bus), endpoint.name(), actors::channel_naming::make(redis.prefix, redis.channel),
      room_rules(settings_.rooms, settings_.limits.max_queue_bytes), boot_, std::ref(gauges_.bus_ready[i]));
}

running_node::~running_node() {
  if (!node_) end_services(); // nothing was served: they go before their first turn, and dial nobody
  for (auto& thread : threads_) thread->start(); // no effect on those that run
  if (node_) caf::scoped_actor {
      *system_
      } -> wait_for(node_); // it asks the server
  server_.reset();          // no connection comes any more
  end_actors();
  for (auto& thread : threads_) finish_posts(*thread); // sessions are destroyed there
  for (auto& thread : threads_) thread->stop();
}

void running_node::end_services() {
  caf::anon_send_exit(lobby_, caf::exit_reason::user_shutdown);
  for (const auto& bridge : bridges_.all()) caf::anon_send_exit(bridge, caf::exit_reason::user_shutdown);
}

void running_node::end_actors() {
  end_services();
  for (auto& host : hosts_)
    host->thread().post([&h = *host] {
      for (auto* c : h.connections())
        caf::anon_send_exit(actors::connection_actor{c}, caf::exit_reason::user_shutdown);
    });
  system_->await_all_actors_done();
}

void running_node::start(std::function<void(bool)> on_stopped) {
  node_ = system_->spawn<actors::node>(actors::node_services{
      id_, boot_, ROOMCAST_VERSION, host_pointers(), lobby_, bridges_, gauges_, settings_.server.drain_time,
      [this] { return counters(); }, [this] { server_->stop_accepting(); },
      [this] { return !server_->counters().accepting && server_->counters().open == 0; },
      std::move(on_stopped)});
  api_->set_node(node_);
  for (auto& thread : threads_) thread->start();
  server_->start();
}

void running_node::stop() { caf::anon_send(node_, actors::stop_node{}); }

std::vector<net::io_thread*> running_node::thread_pointers() const {
  std::vector<net::io_thread*> out;
  for (const auto& t : threads_) out.push_back(t.get());
  return out;
}

std::vector<actors::actor_host*> running_node::host_pointers() const {
  std::vector<actors::actor_host*> out;
  for (const auto& h : hosts_) out.push_back(h.get());
  return out;
}

std::vector<std::pair<std::string, uint64_t>> running_node::counters() const {
  const auto& c = server_->counters();
  return {
      {"accepted", c.accepted},
      {"accept_errors", c.accept_errors},
      {"refused", c.refused},
      {"refused_by_address", c.refused_by_address},
      {"refused_by_rate", c.refused_by_rate},
      {"refused_by_memory", c.refused_by_memory},
      {"refused_by_drain", gauges_.refused_by_drain},
      {"bad_handshakes", c.bad_handshakes},
      {"slow_consumers", c.slow_consumers},
      {"silent", c.silent},
      {"dropped_events", c.dropped_events},
      {"protocol_errors", c.protocol_errors},
      {"open_sockets", c.open},
      {"queue_bytes", c.queued_bytes},
  };
}

} // namespace roomcast::app
