// The room's users: what the bus is told of them, and when those who come with one are admitted.
#include "actors/room.hpp"
#include "core/limits.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <iterator>

namespace roomcast::actors {
namespace {

constexpr const char* not_entered = "the message bus did not take the user; join again";

} // namespace

/// The join is answered when the bus knows its user: so its answer can say who is there.
void room::enter(const join& request) {
  if (!people_) people_ = std::make_unique<people>(presence_grace_);
  people_->entering.push_back(request);
  people_->desk.enter(request.id, request.purpose.user_id, request.purpose.user);
  send_presence();
}

/// Whether the connection was there with a user.
bool room::depart(const leave& message) {
  if (!people_) return false;
  std::erase_if(people_->entering, [&](const join& request) { return request.id == message.id; });
  return people_->desk.leave(message.id, message.reason, clock().now());
}

bool room::may_retire() const noexcept {
  if (!people_) return true;
  return people_->entering.empty() && (people_->desk.idle() || (hurried_ && !confirmed_));
}

void room::send_presence() {
  if (!people_) return;
  set_presence_timer();
  if (!confirmed_) return;
  auto next = people_->desk.next(clock().now());
  if (!next) return;
  begin_meanwhile();
  caf::anon_send(
      bridge_, change_presence{name_, this, next->ticket, next->whole, std::move(next->ops), next->last});
}

void room::on(const presence_changed& message) {
  if (!people_ || !people_->desk.settle(message.ticket, message.ok, clock().now())) return;
  auto& entering = people_->entering;
  const auto answered = std::stable_partition(
      entering.begin(), entering.end(), [this](const join& j) { return people_->desk.is_queued(j.id); });
  const auto later = static_cast<size_t>(answered - entering.begin());
  if (message.ok)
    welcome_entering(later, message.who);
  else
    refuse_entering(later);
  send_presence();
  after_departure();
}

/// The list of users is as old as the change; what happened behind it is in `meanwhile`, and what happens
/// until they are seated is kept behind a mark. The first `later` wait for another change.
void room::welcome_entering(size_t later, const std::shared_ptr<const wire::roster>& who) {
  auto& entering = people_->entering;
  if (entering.size() == later) return;
  if (!builder_.empty()) flush_batch(); // who is admitted now has all that in `meanwhile`
  ref<batch> meanwhile;
  if (!people_->meanwhile.empty()) meanwhile = people_->meanwhile.seal(name_, nullptr);
  const auto first = entering.begin() + static_cast<std::ptrdiff_t>(later);
  std::vector<join> known{std::make_move_iterator(first), std::make_move_iterator(entering.end())};
  entering.erase(first, entering.end());
  for (auto& request : known) {
    request.who = who;
    const bool hears_it_anyway =
        seat_of(request) != no_slot || (history_ && history_->is_promised(request.id));
    if (!hears_it_anyway) {
      request.meanwhile = meanwhile;
      if (history_) request.behind = kept_->mark();
    }
    admit_or_wait(request);
  }
  admit_waiting();
}

void room::bring_meanwhile(const join& request) {
  if (request.meanwhile) caf::anon_send(request.member, deliver{request.meanwhile});
}

void room::begin_meanwhile() {
  people_->meanwhile = {};
  people_->meanwhile.wants(true, history_ != nullptr);
}

void room::refuse_entering(size_t later) {
  if (!people_) return;
  auto& entering = people_->entering;
  for (auto next = entering.begin() + static_cast<std::ptrdiff_t>(later); next != entering.end(); ++next) {
    people_->desk.forget(next->id);
    refuse(*next, error_code::bus_unavailable, not_entered);
  }
  entering.erase(entering.begin() + static_cast<std::ptrdiff_t>(later), entering.end());
}

/// The bus knows the user already, and the join is refused all the same.
void room::take_back(const join& request) {
  people_->desk.leave(request.id, "", clock().now());
  send_presence();
}

/// Not the notices of the change under way: those users are in its answer. Not what has a number either: that
/// follows from the place in the answer.
void room::keep_for_entering(event_batch& list) {
  if (!people_ || people_->entering.empty()) return;
  list.for_each([this](const event_batch::event& event) {
    if (history_ && event.at) return;
    if (!people_->desk.is_entering(event.excluded)) people_->meanwhile.append(event.text, 0, event.excluded);
  });
  if (people_->meanwhile.bytes() <= limits::max_meanwhile_bytes) return;
  begin_meanwhile();
  refuse_entering(0);
}

void room::on(const presence_lost&) {
  if (people_) people_->desk.resync();
  send_presence();
}

void room::on(const presence_due&) {
  people_->timer.reset();
  people_->desk.advance(clock().now());
  send_presence();
  after_departure();
}

/// There may be several under way; one that comes early does no harm. A failed change waits for `attached`,
/// not for a time, while there is no bus to take it.
void room::set_presence_timer() {
  const auto due = people_->desk.due(confirmed_);
  auto& timer = people_->timer;
  if (!due || (timer && *timer <= *due)) return;
  timer = due;
  const auto delay = std::max(*due - clock().now(), presence_desk::time::duration{1});
  delayed_send(this, delay, room_notice{presence_due{}});
}

} // namespace roomcast::actors
