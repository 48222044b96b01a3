#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace roomcast {

/// Names one life of a room's history: random, never 0; on every wire 16 lower-case hexadecimal digits. It
/// changes when the history's bookkeeping was lost, so that sequence numbers of two lives are never compared.
enum class epoch_id : uint64_t {};

/// Of a room without history, or not known.
constexpr epoch_id no_epoch{0};

std::string to_string(epoch_id epoch);
/// Nothing unless `text` is 16 lower-case hexadecimal digits, not all of them zero.
std::optional<epoch_id> parse_epoch(std::string_view text) noexcept;
/// From a generator of this thread's own, seeded by the system's: each publish offers a fresh one.
epoch_id random_epoch();

/// A place in a room's history: message number `seq`, counted from 1 within the epoch; 0: before the first.
struct position {
  epoch_id epoch = no_epoch;
  uint64_t seq = 0;

  explicit operator bool() const noexcept { return epoch != no_epoch; }
  friend bool operator==(const position&, const position&) noexcept = default;
};

} // namespace roomcast
