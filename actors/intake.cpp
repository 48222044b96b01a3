#include "actors/intake.hpp"

#include "core/limits.hpp"

#include <utility>

namespace roomcast::actors {

intake::intake(const rate_limits& limits, uint64_t now_ms) {
  if (limits.any()) rare_ = std::make_unique<rarities>(rarities{rate_limiter{limits, now_ms}, {}});
}

bool intake::open() const noexcept {
  return !holding() && !flooding_ && questions_ < limits::max_questions
         && sent_ - settled_ < limits::stop_reading_bytes;
}

const char* intake::state() const noexcept { return holding() ? "waiting" : flooding_ ? "flooding" : "open"; }

void intake::came(size_t bytes, uint64_t now_ms) noexcept {
  if (rare_ && rare_->rates) rare_->rates->came(bytes, now_ms);
}

bool intake::within_rate(size_t bytes, uint64_t now_ms) noexcept {
  return !rare_ || !rare_->rates || rare_->rates->accept(bytes, now_ms);
}

bool intake::flood_begins(uint64_t now_ms) noexcept {
  if (flooding_ || !rare_ || !rare_->rates) return false;
  return flooding_ = rare_->rates->flooding(now_ms);
}

bool intake::flood_over(uint64_t now_ms) noexcept { return !(flooding_ = rare_->rates->flooding(now_ms)); }

void intake::hold(std::string_view text) {
  if (!rare_) rare_ = std::make_unique<rarities>();
  rare_->held.emplace(text);
}

std::optional<std::string> intake::release() {
  if (!rare_) return {};
  auto text = std::exchange(rare_->held, std::nullopt);
  if (!rare_->rates) rare_.reset();
  return text;
}

intake::receipt intake::published(size_t bytes, bool answer_wanted) noexcept {
  sent_ += static_cast<uint32_t>(bytes);
  const bool answer = answer_wanted || sent_ - promised_ >= limits::ack_after_bytes;
  if (answer) promised_ = sent_;
  return {sent_, answer};
}

void intake::settled(uint32_t position) noexcept {
  if (static_cast<int32_t>(position - settled_) > 0) settled_ = position;
}

} // namespace roomcast::actors
