#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace roomcast::bench {

/// What a payload says of itself. A probe only asks whether the way to a member works.
struct mark {
  enum class kind_t : char { message = 'm', probe = 'p' };

  kind_t kind;
  uint16_t run;       ///< tells this run from an earlier one
  uint32_t room;      ///< below 2^24
  uint32_t publisher; ///< index within the room, below 2^24
  uint32_t sequence;  ///< per publisher and room, from 0
  uint64_t sent_ns;   ///< now_ns() when it was, or should have been, sent
};

/// The texts that are published: a mark in hexadecimal and padding, found again in any JSON around it,
/// without parsing.
///
///     ~WL kind run(4) room(6) publisher(6) sequence(8) sent(16) : padding ... $
///
/// Immutable; any thread.
class payload_format {
public:
  static constexpr uint32_t min_size = 46;

  /// All payloads of the run are `size` bytes, at least min_size.
  payload_format(uint16_t run, uint32_t size);

  uint16_t run() const noexcept { return run_; }
  size_t size() const noexcept { return mark_bytes + padding_.size(); }

  /// A payload whose sequence and time are still open.
  std::string make(mark::kind_t kind, uint32_t room, uint32_t publisher) const;
  /// Fills in what is open in the payload that begins at `payload`.
  static void stamp(char* payload, uint32_t sequence, uint64_t sent_ns) noexcept;

  /// Where the next payload may begin in `text`, behind which min_size bytes follow; npos if there is none.
  static size_t find(std::string_view text) noexcept;
  /// Reads the payload that `text` begins with (at least min_size bytes); false if it is damaged or cut
  /// short.
  bool read(std::string_view text, mark& out) const noexcept;

private:
  static constexpr size_t mark_bytes = 44;

  uint16_t run_;
  std::string padding_; // ':' and '$' included: the same in every payload of a run
};

} // namespace roomcast::bench
