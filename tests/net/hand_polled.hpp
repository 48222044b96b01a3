#pragma once

#include "net/io_thread.hpp"
#include "net/timer_wheel.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>

namespace roomcast::test {

/// An I/O thread that the test runs itself; the time of its wheel goes on by the test's word alone.
class hand_polled {
public:
  net::io_thread thread{0};

  /// Runs the loop until `done`; false when that takes unreasonably long.
  template <class Predicate> bool run_until(Predicate done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!done()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      thread.context().run_one_for(std::chrono::milliseconds{20});
    }
    return true;
  }

  /// Runs what is ready.
  void settle() {
    while (thread.poll() > 0) {}
  }

  /// Time goes on tick by tick, and whatever is ready runs in between.
  void pass(std::chrono::milliseconds time) {
    for (settle(); time.count() > 0; time -= net::timer_wheel::tick) {
      thread.timers().advance(
          thread.timers().now_ms() + static_cast<uint64_t>(net::timer_wheel::tick.count()));
      settle();
    }
  }
};

} // namespace roomcast::test
