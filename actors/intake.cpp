#include "actors/intake.hpp"

#include "core/limits.hpp"

#include <utility>

namespace roomcast::actors {

intake::intake(const rate_limits& limits, uint64_t now_ms) {
  if (limits.any()) rare_ = std::make_unique<rarities>(rarities{rate_limiter{limits, now_ms}, {}, 0});
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
  rare_->looks = 0;
}

std::optional<std::string> intake::release() {
  if (!rare_) return {};
  auto text = std::exchange(rare_->held, std::nullopt);
  if (!rare_->rates) rare_.reset();
  return text;
}

bool intake::past_is_busy(bool queue_is_low) noexcept {
  if (past_ == past::unread && queue_is_low) past_ = past::none;
  return past_ != past::none;
}

void intake::past_goes_on() noexcept {
  if (rare_) rare_->looks = 0;
}

bool intake::past_is_stuck(unsigned patience) noexcept {
  if (past_ != past::under_way || !rare_ || ++rare_->looks < patience) return false;
  past_ = past::unread;
  return true;
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
