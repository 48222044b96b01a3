#include "bench/load/clock.hpp"

#include <cerrno>
#include <cmath>

namespace roomcast::bench {

void nap(double seconds) noexcept {
  if (seconds <= 0) return;
  const double whole = std::floor(seconds);
  timespec left{static_cast<time_t>(whole), static_cast<long>((seconds - whole) * 1e9)};
  while (nanosleep(&left, &left) < 0 && errno == EINTR) {}
}

} // namespace roomcast::bench
