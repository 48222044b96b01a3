#pragma once

#include "core/token_bucket.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace roomcast::actors {

/// What one connection may send; 0: any amount.
struct rate_limits {
  uint64_t messages_per_second = 0;
  uint64_t bytes_per_second = 0; ///< of frames, headers included

  bool any() const noexcept { return messages_per_second > 0 || bytes_per_second > 0; }
};

/// Judges what one connection sends. Each limit allows a burst of one second. Beyond ten times a limit,
/// counting also what was refused, the connection is flooding: answering it costs more than not reading. A
/// plain value; the caller brings the time in milliseconds.
class rate_limiter {
public:
  static constexpr uint64_t flood_factor = 10;

  rate_limiter(const rate_limits& limits, uint64_t now_ms) noexcept;

  /// So many bytes came on the wire, complete messages or not: they count towards a flood.
  void came(size_t bytes, uint64_t now_ms) noexcept;
  /// One message (or control frame) of so many bytes is complete: whether its request may be carried out.
  bool accept(size_t bytes, uint64_t now_ms) noexcept;
  /// Whether so much came that nothing should be read for now.
  bool flooding(uint64_t now_ms) noexcept;

private:
  struct pair {
    token_bucket allowed;
    token_bucket flood;
  };
  static std::optional<pair> make(uint64_t rate, uint64_t now_ms) noexcept;

  std::optional<pair> messages_;
  std::optional<pair> bytes_;
};

} // namespace roomcast::actors
