#include "actors/stats_collector.hpp"

#include "core/limits.hpp"

#include <caf/after.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>

#include <algorithm>

namespace roomcast::actors {
namespace {

class collector final : public collector_actor::base {
public:
  collector(caf::actor_config& config, collection wanted) : base(config), wanted_(std::move(wanted)) {}

  const char* name() const override { return "collector"; }

protected:
  behavior_type make_behavior() override {
    delayed_send(this, limits::stats_deadline, stats_deadline{});
    return {
        [this](figures& m) { take(m); },
        [this](const cluster_figures& m) {
          nodes_.insert(nodes_.end(), m.nodes.begin(), m.nodes.end());
          count_answer();
        },
        [this](const expected_answers& m) { expected_ += m.count, ++groups_, finish_if_complete(); },
        [this](const stats_deadline&) { finish(); },
    };
  }

private:
  using base = collector_actor::base;

  void take(figures& answer) {
    actors_.push_back(std::move(answer.actor));
    if (auto* c = std::get_if<wire::connection_figures>(&answer.own)) connections_.push_back(std::move(*c));
    if (auto* r = std::get_if<wire::room_figures>(&answer.own)) rooms_.push_back(std::move(*r));
    if (auto* b = std::get_if<wire::bus_figures>(&answer.own)) buses_.push_back(std::move(*b));
    count_answer();
  }

  void count_answer() {
    ++answers_;
    finish_if_complete();
  }

  void finish_if_complete() {
    if (groups_ == wanted_.groups && answers_ >= expected_) finish();
  }

  void finish() {
    if (auto answer = std::exchange(wanted_.answer, nullptr)) answer(document());
    quit();
  }

  /// Groups that did not even say how many they are count as one each.
  uint64_t missing() const {
    return (expected_ > answers_ ? expected_ - answers_ : 0) + (wanted_.groups - groups_);
  }

  std::string document() {
    switch (wanted_.view) {
    case stats_view::node: break;
    case stats_view::rooms:
      return sorted(rooms_, &wire::room_figures::room), rooms_document(rooms_, missing());
    case stats_view::connections:
      return sorted(connections_, &wire::connection_figures::id),
             connections_document(connections_, missing());
    case stats_view::actors:
      return sorted(actors_, &wire::actor_figures::id), actors_document(actors_, missing());
    case stats_view::cluster: return cluster();
    }
    return sorted(buses_, &wire::bus_figures::server), node_document(wanted_.node, buses_, missing());
  }

  std::string cluster() {
    auto nodes = merge_heartbeats(std::move(nodes_), wanted_.node.ring);
    auto text = cluster_document(nodes, missing());
    if (wanted_.watcher && missing() == 0) caf::anon_send(wanted_.watcher, cluster_seen{std::move(nodes)});
    return text;
  }

  template <class Row, class Key> static void sorted(std::vector<Row>& rows, Key Row::*key) {
    std::sort(rows.begin(), rows.end(), [key](const Row& a, const Row& b) { return a.*key < b.*key; });
  }

  collection wanted_;
  size_t groups_ = 0;
  size_t expected_ = 0;
  size_t answers_ = 0;
  std::vector<wire::actor_figures> actors_;
  std::vector<wire::connection_figures> connections_;
  std::vector<wire::room_figures> rooms_;
  std::vector<wire::cluster_node> nodes_;
  std::vector<wire::bus_figures> buses_;
};

} // namespace

collector_actor spawn_collector(caf::actor_system& system, collection wanted) {
  return system.spawn<collector>(std::move(wanted));
}

} // namespace roomcast::actors
