#pragma once

#include <atomic>
#include <cstdint>

namespace roomcast::bench {

/// Written by one thread, read by any.
class counter {
public:
  void add(uint64_t n = 1) noexcept { value_.store(get() + n, std::memory_order_relaxed); }
  void subtract(uint64_t n = 1) noexcept { value_.store(get() - n, std::memory_order_relaxed); }
  void set(uint64_t n) noexcept { value_.store(n, std::memory_order_relaxed); }
  uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
  std::atomic<uint64_t> value_{0};
};

/// What one worker has seen so far. Written by the worker, read by the controller.
struct counters {
  // connections
  counter connected;      ///< upgraded
  counter joined;         ///< joined all their rooms
  counter settled;        ///< joined or failed: nothing more to wait for
  counter connect_errors; ///< failed before they had joined
  counter disconnects;    ///< lost afterwards
  counter protocol_errors;
  counter closing; ///< close frame sent, TCP connection still there
  counter closed_cleanly;
  // messages
  counter published;
  counter expected; ///< deliveries to members that read
  counter delivered;
  counter duplicated;
  counter out_of_order;
  counter foreign; ///< of a room that the receiver never joined
  counter corrupt;
  counter stale; ///< of another run
  counter other; ///< texts that are none of ours
  counter primed_again;
  // stalled members and churners
  counter stalled_closed;
  counter stalled_closed_at; ///< now_ns()
  counter stalled_delivered;
  counter churned; ///< came back after having left
  counter churn_errors;
  counter churn_delivered;
  // input
  counter websocket_pings;
  counter heartbeats;
  counter bytes_read;
  counter reads;
  counter frames;
};

} // namespace roomcast::bench
