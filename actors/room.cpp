#include "actors/room.hpp"

#include "actors/connection.hpp"
#include "core/limits.hpp"
#include "core/log.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace roomcast::actors {
namespace {

/// One batch in flight: what comes meanwhile makes the next one fuller, and fuller writes decide the speed.
constexpr unsigned max_batches_in_flight = 1;

/// Of a member that is_near.
connection& near_connection(const connection_actor& handle) {
  return static_cast<connection&>(*caf::actor_cast<caf::abstract_actor*>(handle));
}

} // namespace

room::room(
    caf::actor_config& config, io_unit& unit, room_name name, bridge_actor bridge, lobby_actor lobby,
    room_options options) :
    io_actor(config, unit),
    name_(std::move(name)),
    bridge_(std::move(bridge)),
    lobby_(std::move(lobby)),
    linger_(options.linger),
    slow_consumer_(options.slow_consumer),
    presence_grace_(options.presence_grace),
    page_bytes_(std::min(limits::replay_page_bytes, options.max_past_bytes)) {
  if (options.history.size == 0) return;
  history_ = std::make_unique<room_history>(
      static_cast<room_history::owner&>(*this), name_, options.history, options.max_past_bytes);
  kept_ = std::make_unique<kept_events>(name_);
}

room::behavior_type room::make_behavior() {
  return {
      [this](const events& m) { on_events(*m.list); }, [this](const flushed&) { ++handled_, on_flushed(); },
      [this](const join& m) { on_join(m); },           [this](const leave& m) { on_leave(m); },
      [this](const room_notice& m) { on_notice(m); },
  };
}

void room::on_exit() {
  // A room that failed: its members are none any more.
  if (people_ && !people_->desk.idle())
    caf::anon_send(bridge_, change_presence{name_, {}, 0, true, {}, true});
  give_up_channel();
}

void room::on_notice(const room_notice& message) {
  ++handled_;
  std::visit([this](const auto& told) { on(told); }, message);
}

// -- events ----------------------------------------------------------------------

void room::on_events(event_batch& list) {
  ++handled_;
  keep_for_entering(list);
  keep_for_recovering(list);
  if (builder_.empty()) begin_appending();
  builder_.reserve(list.count(), list.text_bytes());
  list.for_each([&](const event_batch::event& event) {
    if (history_ && event.at)
      history_->event(list, event);
    else
      append(event.text, 0, event.excluded);
  });
  if (!builder_.empty()) builder_.keep(list.take_credit()); // else it goes with the message
  if (history_) after_history();
  send_batch();
}

void room::append(std::string_view text, uint64_t seq, connection_id excluded) {
  if (member_count_ == 0) return; // nobody to hear it
  if (builder_.empty()) begin_appending();
  ++messages_;
  bytes_ += text.size();
  builder_.append(text, seq, excluded);
}

void room::append_gap(const std::string& text) {
  if (numbered_members_ == 0) return;
  if (builder_.empty()) begin_appending();
  builder_.append_numbered_only(text);
}

void room::begin_appending() { builder_.wants(numbered_members_<member_count_, numbered_members_> 0); }

void room::on_flushed() {
  --in_flight_;
  send_batch();
  admit_waiting();
}

/// If there is anything to send, and no batch is in flight.
void room::send_batch() {
  if (!builder_.empty() && in_flight_ < max_batches_in_flight) flush_batch();
}

void room::flush_batch() {
  auto sealed = builder_.seal(name_, caf::strong_actor_ptr{ctrl()}, std::exchange(spare_, nullptr));
  ++in_flight_;
  const auto near_at = [this](size_t slot) -> const hosted* {
    const auto* m = slot < members_.size() ? &members_[slot] : nullptr;
    return m && m->handle && m->is_near ? &near_connection(m->handle) : nullptr;
  };
  for (size_t slot = 0; slot < members_.size(); ++slot) {
    look_ahead(near_at(slot + 1), near_at(slot + 2));
    const auto& m = members_[slot];
    if (!m.handle || (m.is_near && near_connection(m.handle).take(*sealed))) continue;
    caf::anon_send(m.handle, deliver{sealed});
  }
  if (!sealed->unique()) return; // `flushed` will come
  sealed->let_go();
  spare_ = std::move(sealed);
  ++let_go_;
}

/// What came in since the last batch was let go makes the next one.
void room::on_drained() {
  for (; let_go_ > 0; --let_go_) on_flushed();
}

bool room::is_near(const connection_actor& whom) { return neighbour<connection>(whom, unit()) != nullptr; }

// -- history -----------------------------------------------------------------------

bool room::admitting() const { return confirmed_ && builder_.empty() && (!history_ || history_->ready()); }

void room::ask(log_read what, uint32_t ticket, position after) {
  caf::anon_send(bridge_, ask_log{name_, this, what, ticket, after, page_bytes_});
}

void room::retry_later() {
  delayed_send(this, limits::log_retry, room_notice{log_retry{}});
  if (!history_->ready()) refuse_waiting();
}

void room::greet(join& request, admission how) {
  if (seat_of(request) != no_slot && !builder_.empty()) flush_batch(); // it is a member up to here
  unseat(request);
  if (request.behind == 0) request.behind = kept_->mark();
  how.past.from = caf::strong_actor_ptr{ctrl()};
  caf::anon_send(request.member, notice{answer_to(request, std::move(how))});
  bring_meanwhile(request);
}

void room::send_page(const join& request, replay page) {
  page.from = caf::strong_actor_ptr{ctrl()};
  caf::anon_send(request.member, notice{replayed{name_, no_slot, std::move(page)}});
}

void room::seat_behind(join& request, variant spelling, replay page) {
  caf::anon_send(request.member, notice{replayed{name_, take_slot(request, spelling), std::move(page)}});
  hand_over_kept(request);
}

void room::on(const log_answer& message) {
  history_->on_answer(message);
  after_history();
}

void room::on(const replay_taken& message) {
  history_->on_taken(message.id);
  after_departure();
}

void room::on(const log_retry&) {
  if (confirmed_) history_->retry();
}

/// Something may have come out, or the place may be known now.
void room::after_history() {
  send_batch();
  admit_waiting();
  after_departure();
}

// -- life cycle ------------------------------------------------------------------

void room::start_attaching() {
  state_ = state::attaching;
  channel_ours_ = true;
  caf::anon_send(bridge_, attach_room{name_, this, ++attempt_});
  set_timer(limits::join_timeout);
}

void room::on(const attached& message) {
  if (!channel_ours_ || message.attempt != attempt_) return;
  confirmed_ = true;
  if (!std::exchange(announced_, true)) log::info("subscribed", {{"room", name_.view()}});
  if (history_) history_->attached();
  if (people_) on(presence_lost{}); // who went meanwhile could not be told
  if (state_ != state::attaching) return;
  ++timer_generation_;
  state_ = state::live;
  admit_waiting();
  after_departure(); // all who waited may have gone
}

void room::on(const bus_lost&) {
  confirmed_ = false;
  if (history_) history_->lost();
  refuse_waiting();
  refuse_entering(0);
  after_departure();
}

void room::on(const attach_refused& message) {
  if (message.attempt != attempt_ || state_ != state::attaching) return;
  channel_ours_ = false;
  refuse_waiting();
  ask_to_retire();
}

void room::on(const room_timeout& message) {
  if (message.generation != timer_generation_) return;
  if (state_ == state::attaching) {
    refuse_waiting();
    give_up_channel();
    ask_to_retire();
  } else if (state_ == state::lingering) {
    ask_to_retire();
  }
}

void room::after_departure() {
  forget_kept();
  if (member_count_ > 0 || !waiting_.empty() || state_ != state::live) return;
  if (history_ && history_->recovering() > 0) return;
  if (!may_retire()) return; // comes back here when the bus knows that nobody is left
  state_ = state::lingering;
  if (linger_.count() > 0)
    set_timer(linger_);
  else
    ask_to_retire();
}

void room::ask_to_retire() {
  ++timer_generation_;
  state_ = state::retiring;
  caf::anon_send(lobby_, retire{name_, this, joins_received_});
}

void room::on(const retire_ok&) { quit(); }

void room::on(const hurry&) {
  linger_ = {};
  hurried_ = true;
  if (people_) people_->desk.hurry();
  send_presence();
  after_departure();
  if (state_ == state::lingering) ask_to_retire();
}

void room::give_up_channel() {
  if (!std::exchange(channel_ours_, false)) return;
  confirmed_ = false;
  caf::anon_send(bridge_, detach_room{name_, this});
  if (std::exchange(announced_, false)) log::info("unsubscribed", {{"room", name_.view()}});
}

void room::set_timer(std::chrono::milliseconds delay) {
  delayed_send(this, delay, room_notice{room_timeout{++timer_generation_}});
}

void room::on(const ask_figures& message) {
  static constexpr const char* names[] = {"attaching", "live", "lingering", "retiring"};
  const char* state_name = names[static_cast<size_t>(state_)];
  figures mine;
  mine.actor = {name(), id(), std::string{name_.view()}, mailbox().size(), handled_, state_name};
  wire::room_figures own;
  own.room = name_.view();
  own.members = member_count_ + (history_ ? history_->recovering() : 0);
  own.users = people_ ? people_->desk.users() : 0;
  own.messages = messages_;
  own.bytes = bytes_;
  own.pending_bytes = builder_.bytes();
  own.state = state_name;
  if (history_) {
    own.seq = history_->at().seq;
    own.repaired = history_->line().repaired();
    own.missed = history_->line().lost_for_good();
  }
  mine.own = std::move(own);
  caf::anon_send(message.collector, std::move(mine));
}

} // namespace roomcast::actors
