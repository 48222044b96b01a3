#pragma once

#include "actors/node.hpp"

#include "actors/lobby.hpp"
#include "core/limits.hpp"
#include "tests/actors/fake_session.hpp"
#include "tests/actors/probes.hpp"

#include <nlohmann/json.hpp>

using namespace roomcast;
using namespace roomcast::actors;
using nlohmann::json;

namespace {

/// A node with a lobby, a bus by hand and two I/O threads.
struct fixture : actor_fixture {
  node_gauges gauges;
  int accepting_stops = 0;
  bool all_closed = true;
  std::vector<bool> stopped;
  bridge_probe bridge{*this};
  lobby_actor lobby_handle = own(lobby_actor{
      sys.spawn<lobby>(hosts(), std::cref(bridge.ring()), room_options{1s}, std::ref(gauges.rooms))});
  connection_services services{lobby_handle, bridge.ring(),  {255, 32}, 9, limits::max_queue_bytes,
                               false,        gauges.draining};
  node_actor handle;
  std::vector<client> clients;

  fixture() : actor_fixture(2) {
    bridge.confirm_at_once();
    handle = start(30s, lobby_handle);
  }
  ~fixture() override { end_all(); }

  node_actor start(std::chrono::milliseconds drain_time, const lobby_actor& rooms) {
    return start(drain_time, rooms, bridge.ring(), gauges);
  }

  node_actor start(
      std::chrono::milliseconds drain_time, const lobby_actor& rooms, const bridge_ring& bridges,
      node_gauges& flags) {
    node_services s{"me",  "b00t",     "1.2.3", hosts(), rooms,  bridges,
                    flags, drain_time, nullptr, nullptr, nullptr};
    s.counters = [] {
      return std::vector<std::pair<std::string, uint64_t>>{{"accepted", 3}, {"queue_bytes", 5}};
    };
    s.stop_accepting = [this] { ++accepting_stops; };
    s.all_closed = [this] { return all_closed; };
    s.on_stopped = [this](bool clean) { stopped.push_back(clean); };
    node_actor made = own(node_actor{sys.spawn<node>(std::move(s))});
    settle();
    return made;
  }

  void connect_many(size_t n) {
    for (size_t i = 0; i < n; ++i) clients.push_back(connect(*this, services, i + 1, i % 2));
  }
  size_t told_to_close() {
    size_t n = 0;
    for (auto& c : clients) n += c->closed_with().has_value();
    return n;
  }

  /// The document, or null where there is no answer yet.
  json ask(stats_view view) {
    answer = json{};
    tell(handle, stats_query{view, [this](std::string text) { answer = json::parse(text); }});
    return answer;
  }
  json answer;

  template <class T> static std::vector<T> column(const json& rows, const char* name) {
    std::vector<T> out;
    for (const auto& row : rows) out.push_back(row.at(name).get<T>());
    return out;
  }
};

} // namespace
