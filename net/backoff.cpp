#include "net/backoff.hpp"

#include <algorithm>

namespace roomcast::net {

backoff::backoff(std::chrono::milliseconds first, std::chrono::milliseconds max, uint64_t seed) noexcept :
    first_(first),
    max_(max),
    ceiling_(first),
    random_(static_cast<std::minstd_rand::result_type>(seed ^ (seed >> 32))) {}

std::chrono::milliseconds backoff::next() noexcept {
  std::uniform_int_distribution<std::chrono::milliseconds::rep> pick(0, ceiling_.count());
  const auto delay = std::chrono::milliseconds{pick(random_)};
  ceiling_ = std::min(ceiling_ * 2, max_);
  return delay;
}

} // namespace roomcast::net
