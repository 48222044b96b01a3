#pragma once

#include <algorithm>
#include <cstdint>

namespace roomcast {

/// Lets `rate` units per second pass, in bursts of at most one second's worth. A plain value without a clock:
/// its user brings the time, in milliseconds that never go back. Coarse steps of time are fine.
class token_bucket {
public:
  /// Full at first. `rate` at least 1 and at most 10^12.
  token_bucket(uint64_t rate, uint64_t now_ms) noexcept :
      rate_(static_cast<int64_t>(rate)), level_(full()), at_ms_(now_ms) {}

  /// Takes `units` if they are there; false: it takes nothing. What is larger than a whole burst passes when
  /// the bucket is full, and is paid off later: otherwise it would never pass.
  bool take(uint64_t units, uint64_t now_ms) noexcept {
    refill(now_ms);
    const auto wanted = cost(units);
    if (level_ < std::min(wanted, full())) return false;
    level_ -= wanted;
    return true;
  }

  /// Takes `units` whether they are there or not.
  void charge(uint64_t units, uint64_t now_ms) noexcept {
    refill(now_ms);
    level_ -= cost(units);
  }

  /// Whether more was charged than has been earned.
  bool in_debt(uint64_t now_ms) noexcept {
    refill(now_ms);
    return level_ < 0;
  }

private:
  // In thousandths of a unit, so that a millisecond earns a whole number of them.
  int64_t full() const noexcept { return rate_ * 1'000; }
  static int64_t cost(uint64_t units) noexcept { return static_cast<int64_t>(units) * 1'000; }

  void refill(uint64_t now_ms) noexcept {
    if (now_ms <= at_ms_) return;
    const auto enough = static_cast<uint64_t>((full() - level_) / rate_ + 1); // milliseconds to fill it
    const auto earned = static_cast<int64_t>(std::min(now_ms - at_ms_, enough)) * rate_;
    level_ = std::min(full(), level_ + earned);
    at_ms_ = now_ms;
  }

  int64_t rate_;
  int64_t level_;
  uint64_t at_ms_;
};

} // namespace roomcast
