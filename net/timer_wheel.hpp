#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace roomcast::net {

/// Coarse timers for many connections: O(1) to set and to cancel, one tick per wheel, nothing per idle
/// connection. A timer runs at most one tick (250 ms) late, never early. One thread.
class timer_wheel {
public:
  static constexpr std::chrono::milliseconds tick{250};
  static constexpr size_t slots = 512; // 128 s in one round; longer timers go around

  /// Base or member of whoever wants to be called; in at most one wheel, at most once. Leaves it when
  /// destroyed.
  class timer {
  public:
    timer() noexcept = default;
    timer(const timer&) = delete;
    timer& operator=(const timer&) = delete;

    bool pending() const noexcept { return previous_ != nullptr; }
    void cancel() noexcept;

  protected:
    virtual ~timer() { cancel(); }

  private:
    friend class timer_wheel;
    virtual void on_timer() = 0;

    timer* next_ = nullptr;
    timer* previous_ = nullptr;
    uint64_t due_tick_ = 0;
  };

  timer_wheel();
  ~timer_wheel();

  /// Calls `t.on_timer()` after `delay`; a pending timer is moved.
  void set(timer& t, std::chrono::milliseconds delay) noexcept;

  /// Brings the wheel to `now` (milliseconds, monotonic) and calls what is due; those may set and cancel any
  /// timer, but not throw. A time before the last one is ignored.
  void advance(uint64_t now_ms);

  /// The time of the last advance().
  uint64_t now_ms() const noexcept { return now_ms_; }

private:
  /// The fixed end of a ring of timers.
  struct head final : timer {
    head() noexcept { reset(); }
    void reset() noexcept { next_ = previous_ = this; }
    void on_timer() override {}
  };

  static void link_before(timer& where, timer& t) noexcept;
  void run_slot(head& slot, uint64_t target) noexcept;

  std::vector<head> slots_;
  uint64_t now_ms_ = 0;
  uint64_t tick_ = 0;
};

} // namespace roomcast::net
