#include "core/utf8.hpp"

#include <cstring>

namespace roomcast {

bool utf8_validator::feed(std::string_view bytes) noexcept {
  auto* p = reinterpret_cast<const unsigned char*>(bytes.data());
  auto* const end = p + bytes.size();
  while (p != end) {
    if (pending_ == 0) {
      // Eight bytes of ASCII at a time: chat is mostly that.
      uint64_t word = 0;
      while (end - p >= 8) {
        std::memcpy(&word, p, 8);
        if (word & 0x8080808080808080u) break;
        p += 8;
      }
      if (p == end) break;
      const unsigned char c = *p++;
      if (c < 0x80) continue;
      low_ = 0x80, high_ = 0xBF;
      if (c >= 0xC2 && c <= 0xDF) {
        pending_ = 1;
      } else if (c >= 0xE0 && c <= 0xEF) {
        pending_ = 2;
        if (c == 0xE0) low_ = 0xA0;
        if (c == 0xED) high_ = 0x9F;
      } else if (c >= 0xF0 && c <= 0xF4) {
        pending_ = 3;
        if (c == 0xF0) low_ = 0x90;
        if (c == 0xF4) high_ = 0x8F;
      } else {
        return false;
      }
    } else {
      const unsigned char c = *p++;
      if (c < low_ || c > high_) return false;
      low_ = 0x80, high_ = 0xBF;
      --pending_;
    }
  }
  return true;
}

bool is_utf8(std::string_view text) noexcept {
  utf8_validator validator;
  return validator.feed(text) && validator.complete();
}

} // namespace roomcast
