#include "actors/presence_desk.hpp"

#include "core/limits.hpp"

#include <algorithm>
#include <utility>

namespace roomcast::actors {

// -- what members do -------------------------------------------------------------

void presence_desk::enter(connection_id who, std::string user_id, std::string text) {
  const auto [place, is_new] = wanted_.try_emplace(who);
  auto& mine = place->second;
  if (mine.settled) mine.before = mine.now;
  mine.settled = mine.in_grace = false;
  assign(mine, {user_id, text});
  enqueue({presence_step::enter, who, std::move(user_id), std::move(text), {}});
}

bool presence_desk::leave(connection_id who, std::string_view reason, time now) {
  const auto mine = wanted_.find(who);
  if (mine == wanted_.end() || mine->second.in_grace) return false;
  if (grace_.count() > 0 && !hurried_ && mine->second.settled && reason == disconnect_reason) {
    mine->second.in_grace = true;
    graces_.emplace(now + grace_, who);
    if (graces_.size() > limits::max_graces) end_first_grace();
    return true;
  }
  vacate(mine);
  enqueue({presence_step::depart, who, {}, {}, std::string{reason}});
  return true;
}

void presence_desk::forget(connection_id who) {
  const auto mine = wanted_.find(who);
  if (mine == wanted_.end() || mine->second.settled) return;
  dequeue(who);
  take_back(mine);
  whole_ = whole_ || is_entering(who); // the bus may carry it out
}

// -- what the room is told ---------------------------------------------------------

void presence_desk::resync() {
  if (idle()) return;
  whole_ = true;
  retry_at_.reset();
}

void presence_desk::hurry() {
  hurried_ = true;
  while (!graces_.empty()) end_first_grace();
}

void presence_desk::advance(time now) {
  while (!graces_.empty() && graces_.begin()->first <= now) end_first_grace();
}

std::optional<presence_desk::time> presence_desk::due(bool can_be_sent) const {
  auto earliest = can_be_sent ? retry_at_ : std::nullopt;
  if (!graces_.empty()) earliest = std::min(earliest.value_or(time::max()), graces_.begin()->first);
  return earliest;
}

// -- what the bus is told ------------------------------------------------------------

std::optional<presence_desk::change> presence_desk::next(time now) {
  if (under_way_ || (queue_.empty() && !whole_) || (retry_at_ && now < *retry_at_)) return std::nullopt;
  retry_at_.reset();
  change out;
  out.ticket = ++ticket_;
  out.whole = std::exchange(whole_, false);
  out.whole ? take_whole(out) : take_queue(out);
  out.last = wanted_.empty() && queue_.empty();
  for (const auto& op : out.ops)
    if (op.step == presence_step::enter) entering_.insert(op.who);
  under_way_ = true;
  return out;
}

bool presence_desk::settle(uint32_t ticket, bool ok, time now) {
  if (!under_way_ || ticket != ticket_) return false;
  under_way_ = false;
  for (const auto who : std::exchange(entering_, {})) {
    const auto mine = wanted_.find(who);
    if (mine == wanted_.end() || mine->second.settled || is_queued(who)) continue;
    if (ok) {
      mine->second.settled = true;
      mine->second.before.reset();
    } else {
      take_back(mine);
    }
  }
  if (ok) return true;
  if (hurried_) return give_up(), true;
  whole_ = true;
  retry_at_ = now + limits::presence_retry;
  return true;
}

/// Everybody is named; who does not fit into this change enters, once more, by a later one.
void presence_desk::take_whole(change& out) {
  queue_.clear();
  places_.clear();
  for (const auto& [who, mine] : wanted_) {
    presence_op op{presence_step::enter, who, mine.now.id, mine.now.text, {}};
    if (out.ops.size() < limits::presence_batch) {
      out.ops.push_back(std::move(op));
    } else {
      out.ops.push_back({presence_step::keep, who, {}, {}, {}});
      enqueue(std::move(op));
    }
  }
}

void presence_desk::take_queue(change& out) {
  for (auto next = queue_.begin(); next != queue_.end() && out.ops.size() < limits::presence_batch;) {
    places_.erase(next->second.who);
    out.ops.push_back(std::move(next->second));
    next = queue_.erase(next);
  }
}

/// The node ends and the bus is of no help: the others will find that our lease is over.
void presence_desk::give_up() {
  wanted_.clear();
  users_.clear();
  queue_.clear();
  places_.clear();
  whole_ = false;
}

// -- helpers -------------------------------------------------------------------------

void presence_desk::assign(seat& to, user who) {
  if (!to.now.id.empty())
    if (const auto known = users_.find(to.now.id); --known->second == 0) users_.erase(known);
  ++users_[who.id];
  to.now = std::move(who);
}

void presence_desk::vacate(seats::iterator which) {
  if (const auto known = users_.find(which->second.now.id); --known->second == 0) users_.erase(known);
  wanted_.erase(which);
}

void presence_desk::take_back(seats::iterator which) {
  auto& mine = which->second;
  if (!mine.before) return vacate(which);
  assign(mine, std::move(*mine.before));
  mine.before.reset();
  mine.settled = true;
}

void presence_desk::end_first_grace() {
  const auto who = graces_.begin()->second;
  graces_.erase(graces_.begin());
  const auto mine = wanted_.find(who);
  if (mine == wanted_.end() || !mine->second.in_grace) return; // it entered again
  vacate(mine);
  enqueue({presence_step::depart, who, {}, {}, disconnect_reason});
}

void presence_desk::enqueue(presence_op op) {
  dequeue(op.who);
  places_.emplace(op.who, next_place_);
  queue_.emplace(next_place_++, std::move(op));
}

void presence_desk::dequeue(connection_id who) {
  const auto place = places_.find(who);
  if (place == places_.end()) return;
  queue_.erase(place->second);
  places_.erase(place);
}

} // namespace roomcast::actors
