#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

/// Helpers for JSON as text: what the scanner and the encoders share. Plain functions, any thread.
namespace roomcast::wire {

/// Appends `text`, which is UTF-8, as a JSON string in quotes: `"`, `\` and control characters are escaped.
void append_json_string(std::string& out, std::string_view text);

/// How many bytes append_json_string appends.
size_t json_string_size(std::string_view text) noexcept;

/// The text between the quotes of a valid JSON string. Appends to `out`.
void append_unescaped(std::string& out, std::string_view quoted);

/// Whether a JSON number rounds to infinity as a double. `number` follows the grammar of RFC 8259.
bool overflows_double(std::string_view number) noexcept;

/// The first of the bytes that is a quote, a backslash, a control character or (if `StopBeyondAscii`) 0x80
/// and above; `end` if there is none. Eight bytes at a time: this is most of what reading a message costs.
template <bool StopBeyondAscii> const char* skip_plain(const char* from, const char* end) noexcept {
  constexpr uint64_t each = 0x0101010101010101u;
  if constexpr (std::endian::native == std::endian::little) {
    while (end - from >= 8) {
      uint64_t word = 0;
      std::memcpy(&word, from, 8);
      // A byte of zero borrows from its top bit, and a borrow reaches later bytes only: the first hit is
      // exact.
      uint64_t hit = ((word ^ (each * '"')) - each) | ((word ^ (each * '\\')) - each) | (word - each * 0x20);
      hit = StopBeyondAscii ? hit | word : hit & ~word;
      if (hit &= each * 0x80; hit != 0) return from + std::countr_zero(hit) / 8;
      from += 8;
    }
  }
  for (; from != end; ++from) {
    const auto c = static_cast<unsigned char>(*from);
    if (c == '"' || c == '\\' || c < 0x20 || (StopBeyondAscii && c >= 0x80)) break;
  }
  return from;
}

} // namespace roomcast::wire
