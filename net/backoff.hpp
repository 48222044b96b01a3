#pragma once

#include <chrono>
#include <cstdint>
#include <random>

namespace roomcast::net {

/// How long to wait before the next attempt: a ceiling that doubles from `first` to `max`, and a delay drawn
/// evenly from zero to it ("full jitter": many nodes that lost the same server do not come back in step).
class backoff {
public:
  /// Equal seeds give equal delays.
  backoff(std::chrono::milliseconds first, std::chrono::milliseconds max, uint64_t seed) noexcept;

  /// The next delay, from 0 to the ceiling, in milliseconds; the ceiling doubles.
  std::chrono::milliseconds next() noexcept;
  /// An attempt succeeded: begin with `first` again.
  void reset() noexcept { ceiling_ = first_; }

private:
  std::chrono::milliseconds first_;
  std::chrono::milliseconds max_;
  std::chrono::milliseconds ceiling_;
  std::minstd_rand random_;
};

} // namespace roomcast::net
