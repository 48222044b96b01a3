#include "actors/local_bridge.hpp"

#include "core/limits.hpp"
#include "net/io_thread.hpp"
#include "net/timer_wheel.hpp"
#include "wire/dialect.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <memory>

namespace roomcast::actors {

// Publishing checks the bound each time: nothing has to be woken when it falls.
local_bridge::local_bridge(
    caf::actor_config& config, io_unit& unit, room_rules rules, std::atomic<bool>& ready) :
    io_actor(config, unit), rules_(std::move(rules)), ready_(ready), router_(unit, [] {}) {
  ready_.store(true);
}

local_bridge::behavior_type local_bridge::make_behavior() {
  return {
      [this](const publish& m) { on_publish(m); },
      [this](const attach_room& m) { on_attach(m); },
      [this](const detach_room& m) { on_detach(m); },
      [this](const ask_log& m) { on_ask_log(m); },
      [this](const ask_history& m) { on_ask_history(m); },
      [this](const change_presence& m) { on_presence(m); },
      [this](const ask_presence& m) { on_question(m); },
      [this](const heartbeat& m) { self_ = m.self; },
      [this](const resume_events&) {},
      [this](const ask_cluster& m) { caf::anon_send(m.collector, cluster_figures{{self_}}); },
      [this](const ask_figures& m) { on_figures(m); },
      [this](const stop_bridge& m) { quit(), m.on_stopped(); },
  };
}

void local_bridge::on_publish(const publish& message) {
  ++handled_;
  published answer{message.room, message.request_id, message.settled, publish_outcome::unavailable};
  if (!router_.unflushed().over()) {
    answer.outcome = publish_outcome::taken;
    const auto rule = message.is_notice ? history_rule{} : rules_.of(message.room.view()).history;
    if (rule.size > 0) {
      const auto kept = log_.publish(message.room, rule, message.text, message.key, now_ms());
      answer.at = kept.at;
      answer.repeated = kept.repeated;
    } else if (!message.key.empty()) {
      answer.repeated = !log_.use_key(message.room, message.key, now_ms());
    }
    ++published_;
    auto* to = answer.repeated ? nullptr : router_.find(message.room);
    if (to) router_.add(*to, {message.text, message.excluded, answer.at});
  } else {
    ++refused_;
  }
  if (!message.publisher || (answer.outcome == publish_outcome::taken && !message.answer)) return;
  caf::anon_send(message.publisher, notice{std::move(answer)});
}

void local_bridge::on_ask_log(const ask_log& message) {
  ++handled_;
  log_answer answer{message.what, message.ticket, true};
  const bool around = message.what == log_read::entries_around;
  if (around || message.what == log_read::entries)
    answer.page = log_.read(message.room, message.after.seq, message.page_bytes, around, now_ms());
  else
    answer.page.top = log_.place(message.room, now_ms());
  // Behind the events that were numbered before: the place is not ahead of what the room has seen.
  router_.hand_out();
  caf::anon_send(message.from, room_notice{std::move(answer)});
}

void local_bridge::on_ask_history(const ask_history& message) {
  ++handled_;
  auto page = log_.read_newest(message.room, message.before, message.limit, message.max_bytes, now_ms());
  caf::anon_send(
      message.asker,
      notice{history_answer{
          message.room, message.request_id, true, page.top, std::move(page.entries), page.more}});
}

uint64_t local_bridge::now_ms() { return unit().thread().timers().now_ms(); }

void local_bridge::on_attach(const attach_room& message) {
  ++handled_;
  router_.confirm(router_.attach(message));
}

void local_bridge::on_detach(const detach_room& message) {
  ++handled_;
  if (auto* gone = router_.owned_by(message)) router_.release(*gone);
}

// -- presence --------------------------------------------------------------------

void local_bridge::on_presence(const change_presence& message) {
  ++handled_;
  auto& users = users_[message.room];
  if (message.whole) {
    const auto named = [&](connection_id who) {
      return std::any_of(
          message.ops.begin(), message.ops.end(), [who](const auto& op) { return op.who == who; });
    };
    for (const auto who : users.everyone())
      if (!named(who)) depart(message.room, users, who, disconnect_reason);
  }
  for (const auto& op : message.ops) apply(message.room, users, op);
  if (message.from) {
    std::shared_ptr<const wire::roster> who;
    if (has_entry(message.ops))
      who = std::make_shared<const wire::roster>(users.page("", limits::max_listed_users));
    caf::anon_send(message.from, room_notice{presence_changed{message.ticket, true, std::move(who)}});
  }
  if (users.connections() == 0) users_.erase(message.room);
}

void local_bridge::apply(const room_name& room, attendance& users, const presence_op& step) {
  if (step.step == presence_step::depart) return depart(room, users, step.who, step.reason);
  if (step.step == presence_step::keep || users.refresh(step.who, step.user_id, step.user)) return;
  depart(room, users, step.who, ""); // who it was before
  if (users.enter(step.who, step.user, step.user_id))
    tell_members(room, wire::join_notice(room.view(), step.user), step.who);
}

void local_bridge::depart(
    const room_name& room, attendance& users, connection_id who, std::string_view reason) {
  const auto gone = users.leave(who);
  if (gone.last) tell_members(room, wire::exit_notice(room.view(), gone.user, reason), connection_id{});
}

void local_bridge::tell_members(const room_name& room, const std::string& text, connection_id excluded) {
  ++published_;
  if (auto* to = router_.find(room)) router_.add(*to, {text, excluded});
}

void local_bridge::on_question(const ask_presence& message) {
  ++handled_;
  const auto known = users_.find(message.room);
  auto page =
      known == users_.end() ? wire::roster{} : known->second.page(message.after, limits::max_listed_users);
  caf::anon_send(
      message.asker, notice{presence_answer{message.room, message.request_id, true, std::move(page)}});
}

void local_bridge::on_figures(const ask_figures& message) {
  ++handled_;
  wire::bus_figures bus;
  bus.kind = "memory";
  bus.state = "up";
  bus.ready = true;
  bus.published = published_;
  bus.received = router_.received();
  bus.refused = refused_;
  bus.unflushed_bytes = router_.unflushed().sum();
  bus.evicted_messages = log_.evicted();
  bus.subscriptions_wanted = bus.subscriptions_confirmed = router_.size();
  figures mine;
  mine.actor = {name(), id(), "memory", mailbox().size(), handled_, "up"};
  mine.own = std::move(bus);
  caf::anon_send(message.collector, std::move(mine));
}

} // namespace roomcast::actors
