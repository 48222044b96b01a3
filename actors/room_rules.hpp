#pragma once

#include "core/limits.hpp"
#include "core/slow_policy.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace roomcast::actors {

/// What a room keeps for those who come back.
struct history_rule {
  uint32_t size = 0;                        ///< messages; 0: none are kept, and none has a position
  std::chrono::milliseconds ttl{3'600'000}; ///< after the last message all of them go
};

/// What a room is made of besides its name.
struct room_options {
  std::chrono::milliseconds linger; ///< an empty room keeps its subscription for so long
  slow_policy slow_consumer = slow_policy::disconnect;
  history_rule history;
  std::chrono::milliseconds presence_grace{0};    ///< a user who is back within it was never gone
  size_t max_past_bytes = limits::max_tail_bytes; ///< of the past, at once for one member
};

/// The options of rooms by their names.
class room_rules {
public:
  /// What is different for rooms whose name begins with `prefix`.
  struct exception {
    std::string prefix;
    room_options options;
  };

  /// The same for all.
  room_rules(room_options all) : all_(all) {}
  /// Of several exceptions that fit, the one with the longest prefix counts.
  room_rules(room_options others, std::vector<exception> exceptions);

  room_options of(std::string_view room) const noexcept;
  /// Whether there may be a room with a history.
  bool any_history() const noexcept;

private:
  room_options all_;
  std::vector<exception> exceptions_; // longest prefix first
};

} // namespace roomcast::actors
