#include "bench/load/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace roomcast::bench {

size_t histogram::index_of(uint64_t value) noexcept {
  constexpr uint64_t steps = 1u << step_bits;
  if (value < steps) return value;
  const int shift = std::bit_width(value) - 1 - step_bits;
  return (static_cast<size_t>(shift + 1) << step_bits) + ((value >> shift) & (steps - 1));
}

uint64_t histogram::upper_bound(size_t index) noexcept {
  constexpr uint64_t steps = 1u << step_bits;
  if (index < steps) return index;
  const auto shift = static_cast<int>(index >> step_bits) - 1;
  return (((steps | (index & (steps - 1))) + 1) << shift) - 1;
}

void histogram::add(uint64_t value) noexcept {
  ++buckets_[index_of(value)];
  ++count_;
  sum_ += static_cast<double>(value);
  max_ = std::max(max_, value);
}

void histogram::merge(const histogram& other) noexcept {
  for (size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  max_ = std::max(max_, other.max_);
}

uint64_t histogram::quantile(double share) const noexcept {
  if (count_ == 0) return 0;
  const auto wanted =
      std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(share * static_cast<double>(count_))));
  uint64_t seen = 0;
  for (size_t i = 0; i < buckets_.size(); ++i)
    if ((seen += buckets_[i]) >= wanted) return std::min(upper_bound(i), max_);
  return max_;
}

} // namespace roomcast::bench
