#include "actors/timeline.hpp"

#include "core/limits.hpp"

#include <utility>

namespace roomcast::actors {

void timeline::attached() {
  lost(); // again: a bus that was away may have brought more before it broke
  search();
}

/// What is held comes from the log afterwards: if it is not there, Redis has lost it and gives its numbers
/// anew.
void timeline::lost() {
  held_.clear();
  held_bytes_ = 0;
  under_way_ = read::nothing;
  wanted_ = read::nothing;
  searching_ = true;
}

void timeline::search() noexcept {
  searching_ = true;
  wanted_ = read::place;
}

void timeline::event(const shared_bytes& text, position where, connection_id excluded, output& out) {
  held one{text, where, excluded, ticket_};
  if (!ready()) return hold(std::move(one));
  if (where.epoch != at_.epoch) {
    hold(std::move(one));
    return search();
  }
  if (accept(one, out)) return held_.empty() ? void() : drain(out);
  hold(std::move(one));
  if (wanted_ == read::nothing && under_way_ == read::nothing) wanted_ = read::entries;
}

/// Whether the event is dealt with: out, or known. Its epoch is ours.
bool timeline::accept(const held& event, output& out) {
  if (event.where.seq > at_.seq + 1) return false;
  if (event.where.seq == at_.seq + 1) {
    at_.seq = event.where.seq;
    out.on_event(event.text, event.where.seq, event.excluded);
  }
  return true;
}

void timeline::hold(held event) {
  if (held_bytes_ + event.text.size() > limits::max_held_bytes) {
    held_.clear();
    held_bytes_ = 0;
    overflowed_ = true;
    return;
  }
  held_bytes_ += event.text.size();
  held_.push_back(std::move(event));
}

/// Lets out what follows without a hole. Events of another epoch are older than a place that was asked for
/// behind them; otherwise that epoch may have begun meanwhile.
void timeline::drain(output& out) {
  auto waiting = std::exchange(held_, {});
  held_bytes_ = 0;
  bool unclear = false;
  for (auto& each : waiting) {
    const bool foreign = each.where.epoch != at_.epoch;
    if (foreign ? each.ticket < placed_ : accept(each, out)) continue;
    unclear = unclear || foreign;
    hold(std::move(each));
  }
  if (unclear && wanted_ != read::new_epoch) return search();
  if (wanted_ != read::nothing || under_way_ != read::nothing) return;
  if (!held_.empty())
    wanted_ = read::entries;
  else if (std::exchange(overflowed_, false))
    search();
}

void timeline::place_read(uint32_t ticket, position top, output& out) {
  if (!is_current(ticket)) return;
  searching_ = false;
  placed_ = ticket;
  if (!std::exchange(known_, true))
    at_ = top; // nobody here has seen anything: the past is for those who ask for it
  else
    catch_up(top, out);
  drain(out);
}

void timeline::catch_up(position top, output& out) {
  if (top.epoch != at_.epoch) {
    at_ = {top.epoch, 0};
    out.on_gap(top.epoch, 1, 0);
  }
  if (top.seq > at_.seq) wanted_ = read::entries;
  if (top.seq < at_.seq) renumber();
}

/// Until the new epoch is there everything is held: numbers that come meanwhile were given twice.
void timeline::renumber() noexcept {
  searching_ = true;
  wanted_ = read::new_epoch;
}

void timeline::page_read(uint32_t ticket, const log_page& page, output& out) {
  if (!is_current(ticket)) return;
  if (page.top.epoch != at_.epoch) return search();
  for (const auto& entry : page.entries) {
    if (entry.seq <= at_.seq) continue;
    if (entry.seq > at_.seq + 1) skip_to(entry.seq - 1, out);
    at_.seq = entry.seq;
    ++repaired_;
    out.on_event(entry.text, entry.seq, connection_id{});
  }
  if (!page.more && page.top.seq > at_.seq) skip_to(page.top.seq, out); // the end of the log is gone, too
  if (page.top.seq < page.after) // not at_: the bus may have brought the next ones meanwhile
    renumber();
  else if (page.top.seq > at_.seq && !searching_)
    wanted_ = read::entries;
  drain(out);
}

void timeline::skip_to(uint64_t seq, output& out) {
  lost_for_good_ += seq - at_.seq;
  out.on_gap(at_.epoch, at_.seq + 1, seq);
  at_.seq = seq;
}

bool timeline::read_failed(uint32_t ticket) noexcept {
  const auto what = under_way_;
  if (!is_current(ticket)) return false;
  if (wanted_ == read::nothing) wanted_ = what;
  return true;
}

bool timeline::is_current(uint32_t ticket) noexcept {
  if (under_way_ == read::nothing || ticket != ticket_) return false;
  under_way_ = read::nothing;
  return true;
}

timeline::order timeline::next() {
  if (under_way_ != read::nothing || wanted_ == read::nothing) return {};
  under_way_ = std::exchange(wanted_, read::nothing);
  return {under_way_, ++ticket_, at_};
}

} // namespace roomcast::actors
