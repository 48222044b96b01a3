#pragma once

#include "tests/actors/support.hpp"

#include <deque>

namespace roomcast::actors {

/// Stands for a connection: writes down what it is told, one line each, and can keep deliveries as a
/// connection that has not run yet would.
class member_probe {
public:
  member_probe(actor_fixture& where, uint64_t number) : id{number}, state_(std::make_shared<state>()) {
    state_->id = id;
    handle = where.own(where.sys.spawn([s = state_](connection_actor::pointer) { return behavior(s); }));
  }

  const connection_id id;
  connection_actor handle;

  lines heard() { return take(state_->heard); }
  member_slot slot() const { return state_->slot; }
  room_name instance() const { return state_->instance; }
  /// From now on deliveries are kept; they count as not taken.
  void hold_deliveries() { state_->holding = true; }
  void let_go() {
    state_->holding = false;
    for (auto& d : std::exchange(state_->held, {})) state_->take(d);
  }
  size_t deliveries() const { return state_->deliveries; }

  /// The client has read its page of the past.
  void reads_on() {
    caf::anon_send(
        caf::actor_cast<room_actor>(std::exchange(state_->more_from, nullptr)),
        room_notice{replay_taken{id}});
  }

  join wants(const room_name& room, join_purpose purpose = {}) const {
    join request{handle, id, room, state_->slot, std::move(purpose)};
    request.again = state_->admitted;
    return request;
  }
  leave leaves(const room_name& room, std::string user = {}, std::string reason = {}) {
    state_->admitted = false;
    return {id, room, std::exchange(state_->slot, no_slot), std::move(user), std::move(reason)};
  }

private:
  struct state {
    connection_id id{};
    lines heard;
    member_slot slot = no_slot;
    bool admitted = false; // a join was answered
    room_name instance;
    bool holding = false;
    std::vector<deliver> held;
    size_t deliveries = 0;
    variant spelling = variant::plain;
    caf::strong_actor_ptr more_from;

    void say(std::string text) { heard.push_back(std::move(text)); }
    void take(const replay& past) {
      for (auto& text : texts_of(past.frames.view())) say(std::move(text));
      if (past.from) {
        say("more to come");
        more_from = past.from;
      }
    }
    void take(const deliver& m) {
      for (auto& text : texts_of(m.events->share_of(id, spelling).frames.view())) say(std::move(text));
    }
  };

  static std::string roster_text(const wire::roster& who) {
    std::string out = std::to_string(who.count) + " [";
    for (const auto& user : who.users) out += user;
    return out + (who.more ? " ...]" : "]");
  }

  static connection_actor::behavior_type behavior(const std::shared_ptr<state>& s) {
    return {
        [s](const deliver& m) {
          ++s->deliveries;
          s->holding ? s->held.push_back(m) : s->take(m);
        },
        [s](const notice& m) { std::visit([&s](const auto& told) { hear(*s, told); }, m); },
    };
  }

  static void hear(state& s, const published& m) {
    static constexpr const char* outcomes[] = {"taken", "unavailable", "unknown"};
    s.say(
        "published " + m.request_id + " " + outcomes[static_cast<size_t>(m.outcome)]
        + (m.repeated ? " again " : " ") + std::to_string(m.settled));
  }
  static void hear(state& s, const joined& m) {
    s.slot = m.slot;
    s.admitted = true;
    s.instance = m.room;
    s.spelling = m.spelling;
    s.say(
        "joined " + std::string{m.room.view()} + (m.who ? " " + roster_text(*m.who) : "")
        + (m.at ? " at " + std::to_string(m.at.seq) : "") + (m.recovered ? " recovered" : ""));
    s.take(m.past);
  }
  static void hear(state& s, const replayed& m) {
    if (m.slot != no_slot) s.slot = m.slot;
    s.take(m.past);
  }
  static void hear(state&, const replay_check&) {}
  static void hear(state& s, const history_answer& m) {
    s.say("history " + m.request_id + (m.ok ? "" : " failed"));
    for (const auto& entry : m.entries)
      s.say(std::to_string(entry.seq) + " " + std::string{entry.text.view()});
    if (m.more) s.say("more");
  }
  static void hear(state& s, const refused& m) {
    s.say("refused " + std::string{m.room.view()} + " " + std::string{to_string(m.why.code)});
  }
  static void hear(state& s, const presence_answer& m) {
    s.say("presence " + m.request_id + " " + (m.ok ? roster_text(m.who) : "unknown"));
  }
  static void hear(state& s, const room_lost& m) { s.say("lost " + std::string{m.room.view()}); }
  static void hear(state& s, const close_connection& m) {
    s.say("close " + std::to_string(static_cast<int>(m.code)) + " " + m.reason);
  }
  static void hear(state&, const flood_check&) {}
  static void hear(state&, const past_check&) {}
  static void hear(state&, const ask_figures&) {}

  std::shared_ptr<state> state_;
};

/// Stands for the bus: writes down what it is asked and answers by hand.
class bridge_probe {
public:
  explicit bridge_probe(actor_fixture& where) : state_(std::make_shared<state>()) {
    handle = where.own(where.sys.spawn([s = state_](bridge_actor::pointer) { return behavior(s); }));
    alone_ = std::make_unique<bridge_ring>(std::vector<bridge_ring::server>{{"", handle}});
  }

  bridge_actor handle;

  /// A node that has this bridge alone.
  const bridge_ring& ring() const { return *alone_; }

  lines heard() { return take(state_->heard); }
  /// The latest attach_room.
  const attach_room& attach() const { return state_->attach; }
  /// The oldest ask_log that was not looked at.
  ask_log next_log_question() {
    CAF_REQUIRE(!state_->log_asked.empty());
    auto oldest = std::move(state_->log_asked.front());
    state_->log_asked.pop_front();
    return oldest;
  }
  bool has_log_question() const { return !state_->log_asked.empty(); }
  const wire::cluster_node& beat() const { return state_->beat; }
  const std::vector<publish>& publishes() const { return state_->publishes; }
  /// Attaches are answered at once: by `attached`, or by `attach_refused`.
  void confirm_at_once() { state_->reply = state::confirm; }
  void refuse_at_once() { state_->reply = state::refuse; }
  /// What `stop_bridge` brought.
  const std::function<void()>& on_stopped() const { return state_->on_stopped; }
  void answer_figures(bool wanted) { state_->answers_figures = wanted; }
  /// Who has a heartbeat there besides this node.
  void sees(std::vector<wire::cluster_node> others) { state_->others = std::move(others); }
  /// The latest change_presence.
  const change_presence& change() const { return state_->change; }
  /// Changes of presence go well at once, in a room that is otherwise empty.
  void enter_at_once() { state_->enters = true; }

private:
  struct state {
    lines heard;
    attach_room attach{};
    std::deque<ask_log> log_asked;
    change_presence change{};
    bool enters = false;
    wire::cluster_node beat;
    std::vector<wire::cluster_node> others;
    std::vector<publish> publishes;
    std::function<void()> on_stopped;
    enum { by_hand, confirm, refuse } reply = by_hand;
    bool answers_figures = true;
  };

  static std::string text_of(const char* what, const room_name& room) {
    return what + (" " + std::string{room.view()});
  }

  /// `change r whole enter 1 "u", depart 2 disconnect, last`
  static std::string text_of(const change_presence& m) {
    static constexpr const char* steps[] = {"enter", "depart", "keep"};
    auto out = text_of("change", m.room) + (m.whole ? " whole" : "");
    for (const auto& op : m.ops) {
      (out += ' ') += steps[static_cast<size_t>(op.step)];
      (out += ' ') += std::to_string(value(op.who));
      for (const auto& more : {op.user_id, op.reason})
        if (!more.empty()) (out += ' ') += more;
    }
    return out + (m.last ? " last" : "");
  }

  static void change(state& s, const change_presence& m) {
    s.change = m;
    s.heard.push_back(text_of(m));
    if (!s.enters || !m.from) return;
    wire::roster who;
    for (const auto& op : m.ops)
      if (op.step == presence_step::enter) who.users.push_back(op.user);
    who.count = who.users.size();
    caf::anon_send(
        m.from, room_notice{presence_changed{m.ticket, true, std::make_shared<const wire::roster>(who)}});
  }

  static bridge_actor::behavior_type behavior(const std::shared_ptr<state>& s) {
    return {
        [s](const publish& m) {
          const auto but = m.excluded == connection_id{} ? "" : " but " + std::to_string(value(m.excluded));
          s->heard.push_back(text_of("publish", m.room) + " " + m.text + but);
          s->publishes.push_back(m);
        },
        [s](const attach_room& m) {
          s->attach = m;
          s->heard.push_back(text_of("attach", m.room) + " " + std::to_string(m.attempt));
          if (s->reply == state::confirm) caf::anon_send(m.from, room_notice{attached{m.attempt}});
          if (s->reply == state::refuse) caf::anon_send(m.from, room_notice{attach_refused{m.attempt}});
        },
        [s](const ask_log& m) { s->log_asked.push_back(m); },
        [s](const ask_history& m) { s->heard.push_back(text_of("history", m.room)); },
        [s](const detach_room& m) { s->heard.push_back(text_of("detach", m.room)); },
        [s](const change_presence& m) { change(*s, m); },
        [s](const ask_presence& m) {
          s->heard.push_back(text_of("presence", m.room) + (m.after.empty() ? "" : " after " + m.after));
        },
        [s](const heartbeat& m) {
          s->beat = m.self;
          s->heard.push_back("heartbeat " + m.self.state);
        },
        [s](const resume_events&) { s->heard.push_back("resume"); },
        [s](const ask_cluster& m) {
          s->heard.push_back("cluster?");
          if (!s->answers_figures) return;
          cluster_figures seen{{s->beat}};
          seen.nodes.insert(seen.nodes.end(), s->others.begin(), s->others.end());
          caf::anon_send(m.collector, std::move(seen));
        },
        [s](const ask_figures& m) {
          if (!s->answers_figures) return;
          figures mine;
          mine.actor = {"bridge", 1, "probe", 0, 0, "up"};
          wire::bus_figures bus;
          bus.kind = "probe";
          mine.own = std::move(bus);
          caf::anon_send(m.collector, std::move(mine));
        },
        [s](const stop_bridge& m) {
          s->heard.push_back("stop");
          s->on_stopped = m.on_stopped;
        },
    };
  }

  std::shared_ptr<state> state_;
  std::unique_ptr<bridge_ring> alone_;
};

/// Stands for the lobby where a room or a connection is looked at alone.
class lobby_probe {
public:
  explicit lobby_probe(actor_fixture& where) : state_(std::make_shared<state>()) {
    handle = where.own(where.sys.spawn([s = state_](lobby_actor::pointer) { return behavior(s); }));
  }

  lobby_actor handle;

  lines heard() { return take(state_->heard); }
  const join& last_join() const { return state_->last_join; }
  const leave& last_leave() const { return state_->last_leave; }

private:
  struct state {
    lines heard;
    join last_join{};
    leave last_leave{};
  };

  static std::string text_of(const char* what, const room_name& room) {
    return what + (" " + std::string{room.view()});
  }

  static lobby_actor::behavior_type behavior(const std::shared_ptr<state>& s) {
    return {
        [s](const join& m) {
          s->heard.push_back(text_of("join", m.room));
          s->last_join = m;
        },
        [s](const leave& m) {
          s->heard.push_back(
              text_of("leave", m.room) + (m.user.empty() ? "" : " " + m.user)
              + (m.reason.empty() ? "" : " " + m.reason));
          s->last_leave = m;
        },
        [s](const retire& m) {
          s->heard.push_back(text_of("retire", m.room) + " " + std::to_string(m.joins));
        },
        [s](const drain_rooms&) { s->heard.push_back("drain"); },
        [s](const ask_figures&) {},
    };
  }

  std::shared_ptr<state> state_;
};

/// What a room is told, as one line; empty for what no test of a bridge looks at.
inline std::string text_of(const room_notice& told) {
  if (const auto* m = std::get_if<attached>(&told)) return "attached " + std::to_string(m->attempt);
  if (const auto* m = std::get_if<attach_refused>(&told)) return "refused " + std::to_string(m->attempt);
  return std::holds_alternative<bus_lost>(told) ? "bus_lost" : "";
}

/// `1 ok 2 [{"id":"a"}{"id":"b"}]`
inline std::string text_of(const presence_changed& m) {
  auto out = std::to_string(m.ticket) + (m.ok ? " ok" : " failed");
  if (!m.who) return out;
  out += ' ' + std::to_string(m.who->count) + " [";
  for (const auto& user : m.who->users) out += user;
  return out + ']';
}

/// Joins as this user.
inline join_purpose as_user(std::string id) {
  join_purpose purpose;
  purpose.kind = wire::request_kind::join;
  purpose.user_id = '"' + id + '"';
  purpose.user = R"({"id":)" + purpose.user_id + "}";
  return purpose;
}

} // namespace roomcast::actors
