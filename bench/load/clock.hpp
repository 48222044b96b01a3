#pragma once

#include <cstdint>
#include <ctime>

namespace roomcast::bench {

constexpr uint64_t ns_per_s = 1'000'000'000;

/// CLOCK_MONOTONIC in nanoseconds: the same in all threads and processes of a machine. Any thread.
inline uint64_t now_ns() noexcept {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<uint64_t>(t.tv_sec) * ns_per_s + static_cast<uint64_t>(t.tv_nsec);
}

inline double seconds(uint64_t ns) noexcept { return static_cast<double>(ns) / 1e9; }
inline uint64_t to_ns(double seconds) noexcept { return static_cast<uint64_t>(seconds * 1e9); }

/// Waits; at once if `seconds` is not above 0.
void nap(double seconds) noexcept;

} // namespace roomcast::bench
