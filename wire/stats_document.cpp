#include "wire/stats_document.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <tuple>

namespace roomcast::wire {
namespace {

using json = nlohmann::ordered_json;

/// One decimal is enough for people and keeps documents stable.
double tenths(double value) { return std::round(value * 10) / 10; }

json row(const room_figures& f) {
  return {{"room", f.room},         {"members", f.members}, {"users", f.users},
          {"messages", f.messages}, {"bytes", f.bytes},     {"pending_bytes", f.pending_bytes},
          {"state", f.state},       {"seq", f.seq},         {"repaired", f.repaired},
          {"missed", f.missed}};
}

json row(const connection_figures& f) {
  return {
      {"id", f.id},
      {"address", f.address},
      {"rooms", f.rooms},
      {"queue_bytes", f.queue_bytes},
      {"messages_in", f.messages_in},
      {"messages_out", f.messages_out},
      {"age_s", f.age_s},
      {"dropped_events", f.dropped_events},
      {"dialect", f.dialect}};
}

json row(const actor_figures& f) {
  return {{"kind", f.kind},       {"id", f.id},           {"name", f.name},
          {"mailbox", f.mailbox}, {"handled", f.handled}, {"state", f.state}};
}

json heartbeat(const cluster_node& f) {
  return {
      {"id", f.id},
      {"boot", f.boot},
      {"version", f.version},
      {"state", f.state},
      {"connections", f.connections},
      {"rooms", f.rooms},
      {"messages_in_per_s", tenths(f.messages_in_per_s)},
      {"messages_out_per_s", tenths(f.messages_out_per_s)},
      {"resident_bytes", f.resident_bytes},
      {"ring", f.ring}};
}

json row(const cluster_node& f) {
  auto out = heartbeat(f);
  out["age_ms"] = f.age_ms;
  out["self"] = f.self;
  out["ring_differs"] = f.ring_differs;
  return out;
}

json row(const bus_figures& f) {
  return {
      {"kind", f.kind},
      {"server", f.server},
      {"state", f.state},
      {"ready", f.ready},
      {"round_trip_us", f.round_trip_us},
      {"published", f.published},
      {"received", f.received},
      {"refused", f.refused},
      {"unknown", f.unknown},
      {"reconnects", f.reconnects},
      {"unanswered_bytes", f.unanswered_bytes},
      {"unflushed_bytes", f.unflushed_bytes},
      {"subscriptions_wanted", f.subscriptions_wanted},
      {"subscriptions_confirmed", f.subscriptions_confirmed},
      {"dropped_payloads", f.dropped_payloads},
      {"refused_questions", f.refused_questions},
      {"evicted_messages", f.evicted_messages}};
}

json row(const node_figures& f) {
  json counters = json::object();
  for (const auto& [name, value] : f.counters) counters[name] = value;
  return {
      {"id", f.id},
      {"boot", f.boot},
      {"version", f.version},
      {"uptime_s", f.uptime_s},
      {"state", f.state},
      {"connections", f.connections},
      {"rooms", f.rooms},
      {"messages_in", f.messages_in},
      {"messages_out", f.messages_out},
      {"messages_in_per_s", tenths(f.messages_in_per_s)},
      {"messages_out_per_s", tenths(f.messages_out_per_s)},
      {"bytes_in", f.bytes_in},
      {"bytes_out", f.bytes_out},
      {"queue_bytes", f.queue_bytes},
      {"resident_bytes", f.resident_bytes},
      {"io_threads", f.io_threads},
      {"ring", f.ring},
      {"counters", std::move(counters)}};
}

/// Names come from clients and from Redis: what is not UTF-8 is replaced, never thrown at.
std::string text(const json& document) {
  return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

template <class Row> json list_of(const std::vector<Row>& rows) {
  json list = json::array();
  for (const auto& r : rows) list.push_back(row(r));
  return list;
}

template <class Row>
std::string list_document(const char* name, const std::vector<Row>& rows, uint64_t missing) {
  return text({{name, list_of(rows)}, {"missing", missing}});
}

} // namespace

std::vector<cluster_node> merge_heartbeats(std::vector<cluster_node> nodes, std::string_view ring) {
  using seen = const cluster_node&;
  std::sort(nodes.begin(), nodes.end(), [](seen a, seen b) {
    return std::tie(a.id, a.boot, a.age_ms) < std::tie(b.id, b.boot, b.age_ms);
  });
  const auto same = [](seen a, seen b) { return a.id == b.id && a.boot == b.boot; };
  nodes.erase(std::unique(nodes.begin(), nodes.end(), same), nodes.end());
  for (auto& node : nodes) node.ring_differs = !node.ring.empty() && node.ring != ring;
  return nodes;
}

std::string node_document(const node_figures& node, const std::vector<bus_figures>& buses, uint64_t missing) {
  const auto first = buses.empty() ? bus_figures{} : buses.front();
  return text({{"node", row(node)}, {"bus", row(first)}, {"buses", list_of(buses)}, {"missing", missing}});
}

std::string rooms_document(const std::vector<room_figures>& rooms, uint64_t missing) {
  return list_document("rooms", rooms, missing);
}

std::string connections_document(const std::vector<connection_figures>& connections, uint64_t missing) {
  return list_document("connections", connections, missing);
}

std::string actors_document(const std::vector<actor_figures>& actors, uint64_t missing) {
  return list_document("actors", actors, missing);
}

std::string cluster_document(const std::vector<cluster_node>& nodes, uint64_t missing) {
  return list_document("nodes", nodes, missing);
}

std::string encode_heartbeat(const cluster_node& node) { return text(heartbeat(node)); }

bool decode_heartbeat(std::string_view input, cluster_node& node) noexcept {
  try {
    const auto document = json::parse(input);
    node.id = document.at("id").get<std::string>();
    node.boot = document.value("boot", "");
    node.version = document.value("version", "");
    node.state = document.value("state", "");
    node.connections = document.value("connections", uint64_t{0});
    node.rooms = document.value("rooms", uint64_t{0});
    node.messages_in_per_s = document.value("messages_in_per_s", 0.0);
    node.messages_out_per_s = document.value("messages_out_per_s", 0.0);
    node.resident_bytes = document.value("resident_bytes", uint64_t{0});
    node.ring = document.value("ring", "");
    return true;
  } catch (...) { // a foreign writer's value: nlohmann throws, we do not
    return false;
  }
}

} // namespace roomcast::wire
