#include "actors/rate_limiter.hpp"

namespace roomcast::actors {

rate_limiter::rate_limiter(const rate_limits& limits, uint64_t now_ms) noexcept :
    messages_(make(limits.messages_per_second, now_ms)), bytes_(make(limits.bytes_per_second, now_ms)) {}

std::optional<rate_limiter::pair> rate_limiter::make(uint64_t rate, uint64_t now_ms) noexcept {
  if (rate == 0) return std::nullopt;
  return pair{{rate, now_ms}, {rate * flood_factor, now_ms}};
}

void rate_limiter::came(size_t bytes, uint64_t now_ms) noexcept {
  if (bytes_) bytes_->flood.charge(bytes, now_ms);
}

bool rate_limiter::accept(size_t bytes, uint64_t now_ms) noexcept {
  if (messages_) messages_->flood.charge(1, now_ms);
  if (messages_ && !messages_->allowed.take(1, now_ms)) return false;
  return !bytes_ || bytes_->allowed.take(bytes, now_ms);
}

bool rate_limiter::flooding(uint64_t now_ms) noexcept {
  return (messages_ && messages_->flood.in_debt(now_ms)) || (bytes_ && bytes_->flood.in_debt(now_ms));
}

} // namespace roomcast::actors
