#include "actors/redis_presence.hpp"

#include "core/limits.hpp"
#include "core/log.hpp"

#include <caf/send.hpp>

#include <memory>
#include <utility>

namespace roomcast::actors {

redis_presence::redis_presence(surroundings around) : around_(std::move(around)), scripts_(around_.scripts) {}

void redis_presence::release() { questions_.clear(); }

void redis_presence::on_ready(bool ready) {
  ready_ = ready;
  if (ready) return beat();
  lease_.failed();
  for (const auto& question : std::exchange(questions_, {})) refuse(question);
}

// -- users of rooms ----------------------------------------------------------------

void redis_presence::on_change(const change_presence& message) {
  const auto answer = [from = message.from, ticket = message.ticket](reply r) {
    if (!from) return;
    presence_changed told{ticket, false, nullptr};
    if (auto who = presence_scripts::decode_roster(r)) {
      told.ok = true;
      told.who = std::make_shared<const wire::roster>(std::move(*who));
    }
    caf::anon_send(from, room_notice{std::move(told)});
  };
  if (!available()) return answer(nullptr);
  scripts_.run(presence_scripts::change(around_.naming, run(), message), answer);
}

void redis_presence::on_question(const ask_presence& message) {
  if (!available()) return refuse(message);
  if (questions_.size() >= limits::max_presence_questions) {
    ++refused_questions_;
    return refuse(message);
  }
  questions_.push_back(message);
  ask_next();
}

/// Few at a time: they shall not keep publishes waiting, which take the same link.
void redis_presence::ask_next() {
  if (std::exchange(asking_, true)) return; // from within: an answer that came at once
  while (asked_ < limits::max_presence_queries && !questions_.empty()) {
    auto question = std::move(questions_.front());
    questions_.pop_front();
    ++asked_;
    auto call = presence_scripts::page(
        around_.naming, question.room.view(), question.after, limits::max_listed_users);
    scripts_.run(std::move(call), [this, q = std::move(question)](reply answer) { on_page(q, answer); });
  }
  asking_ = false;
}

void redis_presence::on_page(const ask_presence& question, reply answer) {
  --asked_;
  if (auto who = presence_scripts::decode_roster(answer))
    caf::anon_send(
        question.asker, notice{presence_answer{question.room, question.request_id, true, std::move(*who)}});
  else
    refuse(question);
  ask_next();
}

void redis_presence::refuse(const ask_presence& question) {
  caf::anon_send(question.asker, notice{presence_answer{question.room, question.request_id, false, {}}});
}

// -- heartbeats ----------------------------------------------------------------------

void redis_presence::on_heartbeat(const wire::cluster_node& self) {
  self_ = self;
  beat();
}

/// Also while the bus is not ready: as long as commands arrive, nobody shall take us for dead.
void redis_presence::beat() {
  if (leaving_ || self_.id.empty()) return;
  auto call = presence_scripts::heartbeat(around_.naming, run(), wire::encode_heartbeat(self_));
  scripts_.run(std::move(call), [this](reply answer) { on_beat(answer); });
}

void redis_presence::on_beat(reply answer) {
  auto told = presence_scripts::decode_beat(answer);
  if (!told) return lease_.failed();
  if (leaving_) return;
  const auto verdict = lease_.answered(around_.now(), told->was_new, std::move(told->silent));
  if (verdict.forgotten) {
    log::warning("presence_lost", {{"reason", "redis does not list this node any more"}});
    around_.on_forgotten();
  }
  for (const auto& node : verdict.dead) reap(node);
}

// -- nodes that are gone ---------------------------------------------------------------

void redis_presence::reap(const std::string& node) {
  if (node == run().name() || !reaping_.insert(node).second) return;
  condemn(node, [this, node](bool buried) {
    reaping_.erase(node);
    if (buried) log::warning("node_reaped", {{"lost", node}});
  });
}

/// Room by room, a portion at a time, until Redis knows of none; `done` hears whether it got there. What is
/// left over is taken up with a later heartbeat, by whichever node.
void redis_presence::condemn(const std::string& node, next_step done) {
  const bool ours = node == run().name(); // we leave: no lease to wait for
  scripts_.run(presence_scripts::condemn(around_.naming, node, ours), [=, this](reply answer) {
    const auto found = presence_scripts::decode_condemned(answer);
    if (!found || found->state != presence_scripts::condemned::has_rooms)
      return done(found && found->state == presence_scripts::condemned::buried);
    clear_rooms(node, found->rooms, [=, this](bool all) {
      if (!all || !(ours || (lease_.steady(around_.now()) && !leaving_))) return done(false);
      condemn(node, done);
    });
  });
}

void redis_presence::clear_rooms(
    const std::string& node, const std::vector<std::string>& rooms, next_step done) {
  struct progress {
    size_t left;
    bool all = true;
    next_step done;
  };
  const auto common = std::make_shared<progress>(progress{rooms.size(), true, std::move(done)});
  for (const auto& room : rooms)
    scripts_.run(presence_scripts::reap(around_.naming, node, room), [common](reply answer) {
      common->all = presence_scripts::decode_roster(answer) && common->all;
      if (--common->left == 0) common->done(common->all);
    });
}

void redis_presence::leave(std::function<void()> done) {
  leaving_ = true;
  condemn(run().name(), [done = std::move(done)](bool) { done(); });
}

// -- the cluster -----------------------------------------------------------------------

void redis_presence::on_ask_cluster(const ask_cluster& message) {
  scripts_.run(presence_scripts::cluster(around_.naming), [this, to = message.collector](reply answer) {
    on_cluster(to, answer);
  });
}

void redis_presence::on_cluster(const collector_actor& collector, reply answer) const {
  cluster_figures out;
  if (!answer || answer->is_error()) { // Redis is away: at least we know ourselves
    out.nodes.push_back(self_);
    out.nodes.back().self = true;
  }
  constexpr std::chrono::milliseconds ttl{limits::heartbeat_ttl};
  for (size_t i = 0; answer && i + 1 < answer->size(); i += 2) {
    wire::cluster_node node;
    if (!wire::decode_heartbeat((*answer)[i].text(), node)) continue;
    node.age_ms = ttl.count() - (*answer)[i + 1].integer().value_or(0);
    node.self = node.boot == around_.boot;
    out.nodes.push_back(std::move(node));
  }
  caf::anon_send(collector, std::move(out));
}

} // namespace roomcast::actors
