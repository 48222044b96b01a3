#include "net/timer_wheel.hpp"

#include <algorithm>

namespace roomcast::net {

namespace {

constexpr auto tick_ms = static_cast<uint64_t>(timer_wheel::tick.count());

} // namespace

void timer_wheel::timer::cancel() noexcept {
  if (!previous_) return;
  previous_->next_ = next_;
  next_->previous_ = previous_;
  next_ = previous_ = nullptr;
}

void timer_wheel::link_before(timer& where, timer& t) noexcept {
  t.previous_ = where.previous_;
  t.next_ = &where;
  t.previous_->next_ = &t;
  where.previous_ = &t;
}

timer_wheel::timer_wheel() : slots_(slots) {}

timer_wheel::~timer_wheel() {
  for (auto& slot : slots_)
    while (slot.next_ != &slot) slot.next_->cancel();
}

void timer_wheel::set(timer& t, std::chrono::milliseconds delay) noexcept {
  t.cancel();
  auto wait = static_cast<uint64_t>(std::max<int64_t>(delay.count(), 0));
  // now_ms_ is up to one tick old, hence the extra tick: with delays of whole ticks nothing runs early by the
  // real clock either.
  t.due_tick_ = (now_ms_ + wait + tick_ms) / tick_ms;
  link_before(slots_[t.due_tick_ % slots], t);
}

void timer_wheel::advance(uint64_t now_ms) {
  if (now_ms <= now_ms_) return;
  now_ms_ = now_ms;
  auto target = now_ms / tick_ms;
  auto last = std::min<uint64_t>(target, tick_ + slots); // after a long pause every slot once is enough
  auto first = tick_ + 1;
  tick_ = target;
  for (auto at = first; at <= last; ++at) run_slot(slots_[at % slots], target);
}

// noexcept: timers still hang on `waiting`, so an exception must not pass.
void timer_wheel::run_slot(head& slot, uint64_t target) noexcept {
  if (slot.next_ == &slot) return;
  // The slot's timers move to a list of our own. Whatever on_timer() cancels or sets again leaves that list,
  // and whatever it sets anew is due after `target`, so each timer is looked at once.
  head waiting;
  link_before(slot, waiting);
  slot.cancel();
  slot.reset();
  while (waiting.next_ != &waiting) {
    auto& t = *waiting.next_;
    t.cancel();
    if (t.due_tick_ <= target)
      t.on_timer(); // may destroy `t`
    else
      link_before(slot, t); // a later round
  }
}

} // namespace roomcast::net
