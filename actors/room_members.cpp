// Who sits in a room: joins, seats, leaves.
#include "actors/room.hpp"
#include "core/limits.hpp"
#include "wire/dialect.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace roomcast::actors {
namespace {

constexpr const char* bus_is_away = "the message bus is not available; try again";

} // namespace

void room::on_join(const join& message) {
  ++handled_;
  ++joins_received_;
  if (state_ == state::lingering || state_ == state::retiring) {
    ++timer_generation_;
    state_ = state::live;
  }
  if (!channel_ours_) start_attaching();
  admit_or_wait(message);
  after_departure(); // refused while lingering or retiring: empty as before
}

void room::admit_or_wait(const join& request) {
  const bool has_news =
      !request.purpose.user.empty() && !request.who; // a user that the bus does not know yet
  if (admitting() && !has_news) return admit(request);
  if (state_ == state::live && !confirmed_) return refuse(request, error_code::bus_unavailable, bus_is_away);
  if (waiting_.size() + (people_ ? people_->entering.size() : 0) >= limits::max_waiting_joins)
    return refuse(request, error_code::rate_limited, "too many joins wait for this room; try again");
  if (confirmed_ && has_news) return enter(request);
  waiting_.push_back(request);
}

void room::admit(join request) {
  if (history_)
    history_->admit(request);
  else
    seat(request, {});
}

void room::seat(join& request, admission how) {
  const auto slot = take_slot(request, how.spelling);
  auto answer = answer_to(request, std::move(how));
  answer.slot = slot;
  caf::anon_send(request.member, notice{std::move(answer)});
  bring_meanwhile(request);
  hand_over_kept(request);
}

joined room::answer_to(const join& request, admission how) {
  joined answer{name_,  no_slot,       request.purpose,    {}, slow_consumer_, how.spelling,
                how.at, how.recovered, std::move(how.past)};
  answer.who = request.who;
  return answer;
}

void room::admit_waiting() {
  if (!admitting()) return;
  if (history_) history_->advance();
  for (const auto& request : std::exchange(waiting_, {})) admit_or_wait(request);
}

member_slot room::take_slot(const join& request, variant spelling) {
  unseat(request);
  while (!free_slots_.empty() && static_cast<size_t>(free_slots_.back()) >= members_.size())
    free_slots_.pop_back(); // of a seat that is no more
  ++member_count_;
  numbered_members_ += spelling == variant::numbered;
  if (free_slots_.empty()) {
    // Twice as much, as vectors do, would be memory that most rooms never use.
    if (members_.size() == members_.capacity()) members_.reserve(members_.size() + members_.size() / 4 + 2);
    members_.push_back({request.member, request.id, spelling, is_near(request.member)});
    return static_cast<member_slot>(members_.size() - 1);
  }
  const auto slot = free_slots_.back();
  free_slots_.pop_back();
  members_[static_cast<size_t>(slot)] = {request.member, request.id, spelling, is_near(request.member)};
  return slot;
}

bool room::is_seated(connection_id id, member_slot slot) const noexcept {
  const auto at = static_cast<size_t>(slot);
  return at < members_.size() && members_[at].id == id && members_[at].handle;
}

/// By its id where it does not know its seat: its answer was still on the way. Only those are looked for, so
/// that the first join of a large room costs nothing.
member_slot room::seat_of(const join& request) const noexcept {
  if (is_seated(request.id, request.slot)) return request.slot;
  return request.again ? find_seat(request.id) : no_slot;
}

member_slot room::find_seat(connection_id id) const noexcept {
  const auto is_it = [id](const member& m) { return m.handle && m.id == id; };
  const auto seated = std::find_if(members_.begin(), members_.end(), is_it);
  return seated == members_.end() ? no_slot : static_cast<member_slot>(seated - members_.begin());
}

void room::vacate(member_slot slot) {
  auto& leaving = members_[static_cast<size_t>(slot)];
  numbered_members_ -= leaving.spelling == variant::numbered;
  leaving = {};
  free_slots_.push_back(slot);
  --member_count_;
  while (!members_.empty() && !members_.back().handle) members_.pop_back(); // each batch walks over all
}

void room::unseat(const join& request) {
  if (const auto seat = seat_of(request); seat != no_slot) vacate(seat);
}

void room::on_leave(const leave& message) {
  ++handled_;
  std::erase_if(waiting_, [&](const join& request) { return request.id == message.id; }); // a member's, too
  const bool had_user = depart(message);
  const bool was_recovering = history_ && history_->forget(message.id);
  auto slot = message.slot;
  // Perhaps the answer that names its seat, or another one, is on its way. Who recovers has none.
  if (!is_seated(message.id, slot)) slot = was_recovering ? no_slot : find_seat(message.id);
  const bool was_member = slot != no_slot;
  if (was_member) vacate(slot);
  if ((was_member || was_recovering) && !had_user && !message.user.empty())
    publish_notice(wire::exit_notice(name_.view(), message.user, message.reason));
  send_presence();
  after_departure();
}

void room::refuse(const join& request, error_code code, const char* why) {
  caf::anon_send(request.member, notice{refused{name_, request.purpose, {code, why}}});
  if (request.who && seat_of(request) == no_slot && !(history_ && history_->is_promised(request.id)))
    take_back(request);
}

void room::refuse(const join& request) { refuse(request, error_code::bus_unavailable, bus_is_away); }

void room::refuse_waiting() {
  for (const auto& request : std::exchange(waiting_, {}))
    refuse(request, error_code::bus_unavailable, bus_is_away);
}

void room::publish_notice(std::string text) {
  publish event{name_, std::move(text)};
  event.is_notice = true;
  caf::anon_send(bridge_, std::move(event));
}

} // namespace roomcast::actors
