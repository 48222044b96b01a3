#pragma once

#include "actors/rate_limiter.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace roomcast::actors {

/// Decides whether one connection is read from: its rates, its unanswered publishes and questions, and the
/// one message that has to wait for a join. A plain value; the caller brings the time in milliseconds.
class intake {
public:
  intake(const rate_limits& limits, uint64_t now_ms);

  /// Whether more may come in now.
  bool open() const noexcept;
  /// `open`, `waiting` or `flooding`.
  const char* state() const noexcept;

  // -- rates -------------------------------------------------------------------

  /// So many bytes came on the wire, complete messages or not.
  void came(size_t bytes, uint64_t now_ms) noexcept;
  /// A message of so many bytes is complete: whether its request may be carried out.
  bool within_rate(size_t bytes, uint64_t now_ms) noexcept;
  /// Whether what just came was too much: nothing is read until flood_over().
  bool flood_begins(uint64_t now_ms) noexcept;
  /// Ends the flood, unless it is not paid off yet.
  bool flood_over(uint64_t now_ms) noexcept;

  // -- the message that waits ----------------------------------------------------

  void hold(std::string_view text);
  bool holding() const noexcept { return rare_ && rare_->held; }
  /// The held message, if there is one; it is forgotten.
  std::optional<std::string> release();

  // -- the past, one at a time ---------------------------------------------------------

  void past_begins() noexcept { past_ = past::under_way; }
  /// All of it is in the output queue.
  void past_ends() noexcept { past_ = past::unread; }
  /// Whether another one has to wait; `queue_is_low`: the client has read most of what was queued.
  bool past_is_busy(bool queue_is_low) noexcept;
  /// Something of it came, or its client is reading it: who waits for it goes on waiting.
  void past_goes_on() noexcept;
  /// One more look while a message waits for it: whether nothing came for so many looks that it is given up.
  bool past_is_stuck(unsigned patience) noexcept;

  // -- publishes, counted in bytes modulo 2^32 -------------------------------------

  struct receipt {
    uint32_t position; ///< everything up to here is settled with the answer
    bool answer;       ///< the credit needs an answer, even if the client does not
  };
  receipt published(size_t bytes, bool answer_wanted) noexcept;
  void settled(uint32_t position) noexcept;

  // -- questions --------------------------------------------------------------------

  void asked() noexcept { ++questions_; }
  void answered() noexcept { questions_ -= questions_ > 0; }

private:
  /// What most connections never have.
  struct rarities {
    std::optional<rate_limiter> rates;
    std::optional<std::string> held;
    unsigned looks = 0; // at the past that the held message waits for, since something of it came
  };

  enum class past : uint8_t { none, under_way, unread };

  std::unique_ptr<rarities> rare_;
  uint32_t sent_ = 0;     // bytes published so far
  uint32_t promised_ = 0; // of them, up to the last publish that wanted an answer
  uint32_t settled_ = 0;  // of them, answered
  uint8_t questions_ = 0; // without answer
  past past_ = past::none;
  bool flooding_ = false;
};

} // namespace roomcast::actors
