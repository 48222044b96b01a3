#include "actors/connection.hpp"

#include "core/limits.hpp"
#include "net/io_thread.hpp"
#include "net/timer_wheel.hpp"

#include <caf/send.hpp>

/// What other actors tell a connection, and what it tells its client of that.
namespace roomcast::actors {

void connection::on_events(const batch& events) {
  ++handled_;
  const auto known = find_instance(events.room());
  if (known == rooms_.end() || !known->admitted) return; // left meanwhile
  if (!events.excludes(id_))
    return pass_on(*known, events.frames(known->spelling), events.count(known->spelling));
  const auto share = events.share_of(id_, known->spelling);
  pass_on(*known, share.frames, share.count);
}

void connection::pass_on(const membership& to, const shared_bytes& frames, uint32_t count) {
  if (frames.empty()) return;
  if (to.slow_consumer == slow_policy::disconnect)
    session_->queue(frames);
  else
    session_->queue(frames, {to.room, count, to.slow_consumer});
  messages_out_ += count;
  traffic::add(host_.counted().messages_out, count);
  traffic::add(host_.counted().bytes_out, frames.size());
}

void connection::on(const joined& message) {
  ++handled_;
  const auto known = find(message.room.view());
  if (known == rooms_.end() || !known->joining) // the join had been given up (room_lost): take it back
    return caf::anon_send(services_.lobby, leave{id_, message.room, message.slot, {}, "disconnect"});
  *known = {message.room, message.slot, true, false, known->past, message.slow_consumer, message.spelling};
  answer_joined(message);
  take_past(*known, message.past);
  release_held();
}

void connection::on(const replayed& message) {
  ++handled_;
  const auto known = find_instance(message.room);
  if (known == rooms_.end()) return; // left meanwhile
  if (message.slot != no_slot) known->slot = message.slot;
  take_past(*known, message.past);
}

void connection::on(const replay_check& message) {
  if (const auto known = find_instance(message.room); known != rooms_.end())
    take_past(*known, {{}, 0, message.from});
}

void connection::on(const past_check&) {
  ++handled_;
  past_check_due_ = false;
  if (!intake_.holding()) return;
  constexpr unsigned patience = limits::past_patience / limits::replay_pause;
  if (is_past_busy() && !intake_.past_is_stuck(patience)) return wait_for_past();
  release_held();
}

/// A page of the past. The room sends the next one when the client has read most of what is queued.
void connection::take_past(membership& of, const replay& past) {
  pass_on(of, past.frames, past.count);
  intake_.past_goes_on();
  if (!past.from) {
    if (!of.past) return;
    of.past = false;
    return end_past(); // may change the list of rooms
  }
  session_->flush();
  if (session_->queued_bytes() > services_.max_queue_bytes / 4)
    return delayed_send(this, limits::replay_pause, notice{replay_check{of.room, past.from}});
  caf::anon_send(caf::actor_cast<room_actor>(past.from), room_notice{replay_taken{id_}});
}

void connection::on(const history_answer& message) {
  ++handled_;
  intake_.answered();
  answer_history(message);
  end_past();
}

void connection::answer_history(const history_answer& message) {
  if (!message.ok)
    return fail(
        {error_code::bus_unavailable, "the history cannot be read now; try again"}, message.request_id,
        message.room.view());
  wire::history_page page{message.top.epoch, {}, message.more};
  for (const auto& entry : message.entries) page.entries.push_back({entry.seq, entry.text.view()});
  send_text([&](std::string& out) { dialect_.history(out, message.request_id, message.room.view(), page); });
}

void connection::on(const refused& message) {
  ++handled_;
  traffic::add(host_.counted().refused_joins, 1);
  if (const auto known = find(message.room.view()); known != rooms_.end()) {
    known->joining = false;
    if (known->past && (!known->admitted || message.purpose.wants_past())) {
      known->past = false;
      intake_.past_ends();
    }
    if (!known->admitted) { // a refused repetition leaves the membership as it was
      *known = std::move(rooms_.back());
      rooms_.pop_back();
    }
  }
  fail(message.why, message.purpose.request_id, message.room.view());
  release_held();
}

void connection::on(const published& message) {
  ++handled_;
  intake_.settled(message.settled);
  switch (message.outcome) {
  case publish_outcome::taken:
    ack(message.request_id, message.room.view(), {message.at, {}, {}, message.repeated});
    break;
  case publish_outcome::unavailable:
    fail(
        {error_code::bus_unavailable, "the message was not taken; send it again"}, message.request_id,
        message.room.view());
    break;
  case publish_outcome::unknown:
    fail(
        {error_code::bus_unavailable, "no answer from the bus: the message may or may not arrive"},
        message.request_id, message.room.view());
    break;
  }
  update_reading();
}

void connection::on(const presence_answer& message) {
  ++handled_;
  if (message.ok)
    send_text([&](std::string& out) {
      dialect_.presence(out, message.request_id, message.room.view(), message.who);
    });
  else
    fail(
        {error_code::bus_unavailable, "the message bus cannot say who is there; ask again"},
        message.request_id, message.room.view());
  intake_.answered();
  update_reading();
}

void connection::on(const room_lost& message) {
  ++handled_;
  const auto known = find(message.room.view());
  // A member of the room's next life is not concerned. Who still joins may have been lost with this one.
  if (known == rooms_.end() || (known->admitted && !known->room.same_instance(message.room))) return;
  if (known->past) intake_.past_ends();
  *known = std::move(rooms_.back());
  rooms_.pop_back();
  fail(
      {error_code::internal, "the room failed and you are no member any more; join it again"}, {},
      message.room.view());
  release_held();
}

void connection::on(const close_connection& message) {
  ++handled_;
  if (!open_) begin(); // a session that has not started cannot be closed
  session_->close(message.code, message.reason.empty() ? info(message.code).reason : message.reason);
}

void connection::on(const ask_figures& message) {
  ++handled_;
  const auto address = session_->remote_address();
  figures mine;
  mine.actor = {name(), id(), address, mailbox().size(), handled_, intake_.state()};
  mine.own = wire::connection_figures{
      value(id_),
      address,
      rooms_.size(),
      session_->queued_bytes(),
      session_->counters().messages_in,
      messages_out_,
      host_.thread().timers().now_ms() / 1000 - opened_s_,
      std::string{dialect_.name()},
      session_->counters().dropped_events};
  caf::anon_send(message.collector, std::move(mine));
}

void connection::answer_joined(const joined& message) {
  const auto& purpose = message.purpose;
  wire::history_note note;
  if (purpose.recoverable) {
    note.recoverable = static_cast<bool>(message.at);
    note.at = message.at;
  }
  if (purpose.recover) note.recovered = message.recovered;
  const auto room = message.room.view();
  static const wire::roster nobody;
  const auto& who = message.who ? *message.who : nobody;
  switch (purpose.kind) {
  case wire::request_kind::create:
    return send_text(
        [&](std::string& out) { dialect_.created(out, purpose.request_id, room, purpose.user, note); });
  case wire::request_kind::join:
    return send_text([&](std::string& out) { dialect_.joined(out, purpose.request_id, room, who, note); });
  default: return ack(purpose.request_id, room, note);
  }
}

} // namespace roomcast::actors
