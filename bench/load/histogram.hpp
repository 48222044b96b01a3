#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace roomcast::bench {

/// Counts of whole numbers, log-linear: 128 steps per power of two, so any quantile is right to 0.8 %. One
/// thread at a time.
class histogram {
public:
  void add(uint64_t value) noexcept;
  void merge(const histogram& other) noexcept;

  uint64_t count() const noexcept { return count_; }
  uint64_t max() const noexcept { return max_; }
  double mean() const noexcept { return count_ ? sum_ / static_cast<double>(count_) : 0; }
  /// The value that `share` (0 to 1) of all values do not exceed; 0 without values.
  uint64_t quantile(double share) const noexcept;

private:
  static constexpr int step_bits = 7;
  static constexpr size_t rows = 64 - step_bits + 1;

  static size_t index_of(uint64_t value) noexcept;
  static uint64_t upper_bound(size_t index) noexcept;

  std::vector<uint64_t> buckets_ = std::vector<uint64_t>(rows << step_bits);
  uint64_t count_ = 0;
  uint64_t max_ = 0;
  double sum_ = 0;
};

} // namespace roomcast::bench
