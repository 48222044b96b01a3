#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace roomcast::wire {

/// One member of an object, as views into the text.
struct json_member {
  std::string_view key;   ///< as written, without its quotes
  bool key_escaped;       ///< `key` contains backslashes
  std::string_view value; ///< raw JSON: begins with `{`, `[`, `"`, `-`, a digit, `t`, `f` or `n`
};

/// Why a text is not JSON.
struct json_fault {
  std::string_view why; ///< empty: no fault
  size_t at = 0;        ///< byte position in the text, from 0
};

/// Reads one JSON text (RFC 8259) strictly, once, from front to back, without allocation or recursion, and
/// hands out the members of the outermost object on the way. Only when the last `next` has returned false
/// does `ok` tell whether the whole text is JSON: whoever stops earlier knows nothing.
///
/// Accepts what nlohmann::json::accept accepts (a UTF-8 byte order mark in front, no lone surrogates, no
/// number that overflows a double, strings of valid UTF-8), with two differences: nesting is bounded, and a
/// NUL byte does not end the text. A value; one thread at a time; the text must outlive it.
class json_scan {
public:
  /// Deeper nesting than this is refused whatever the caller allows: one bit of state for each level.
  static constexpr size_t depth_bound = 256;

  /// `max_depth` counts objects and arrays, the outermost included: `[[]]` needs 2.
  json_scan(std::string_view text, size_t max_depth) noexcept;

  /// The next member of the outermost object, in order, duplicates included. False at the end of the text, at
  /// a fault, and for a text that is no object (which is then read to its end).
  bool next(json_member& member) noexcept;

  /// The whole text was read and is JSON.
  bool ok() const noexcept { return state_ == state::done && fault_.why.empty(); }
  /// The text is an object, as far as it was read.
  bool is_object() const noexcept { return is_object_; }
  const json_fault& fault() const noexcept { return fault_; }

private:
  enum class state : uint8_t { start, member, done };

  bool start() noexcept;
  bool separator() noexcept;
  bool finish() noexcept;

  bool key(json_member& member) noexcept;
  bool value() noexcept;
  bool open(bool object) noexcept;
  bool close_nested(size_t outside, bool& another) noexcept;

  bool scalar() noexcept;
  bool string(bool& escaped) noexcept;
  bool escape() noexcept;
  bool surrogates(uint32_t first) noexcept;
  bool hex4(const char* from, uint32_t& unit) noexcept;
  bool beyond_ascii() noexcept;
  bool literal(std::string_view word) noexcept;
  bool number() noexcept;
  bool digits() noexcept;

  void skip_space() noexcept;
  bool at(char c) const noexcept { return at_ != end_ && *at_ == c; }
  bool fail(std::string_view why) noexcept;

  bool inside_object() const noexcept { return nesting_[(depth_ - 1) / 64] >> ((depth_ - 1) % 64) & 1; }

  const char* begin_;
  const char* at_;
  const char* end_;
  size_t max_depth_;
  size_t depth_ = 0;
  state state_ = state::start;
  bool is_object_ = false;
  json_fault fault_;
  std::array<uint64_t, depth_bound / 64> nesting_{}; // bit i: level i + 1 is an object
};

} // namespace roomcast::wire
