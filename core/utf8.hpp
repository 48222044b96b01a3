#pragma once

#include <cstdint>
#include <string_view>

namespace roomcast {

/// Checks UTF-8 piece by piece (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
/// A value; one thread at a time.
class utf8_validator {
public:
  /// Feeds more bytes. Returns false as soon as the text cannot be UTF-8 any more, whatever follows.
  bool feed(std::string_view bytes) noexcept;
  /// Whether the text fed so far ends on a character boundary.
  bool complete() const noexcept { return pending_ == 0; }
  void reset() noexcept { *this = {}; }

private:
  uint8_t pending_ = 0; // continuation bytes still due
  uint8_t low_ = 0x80;  // range of the next continuation byte
  uint8_t high_ = 0xBF;
};

/// Whether `text` as a whole is UTF-8.
bool is_utf8(std::string_view text) noexcept;

} // namespace roomcast
