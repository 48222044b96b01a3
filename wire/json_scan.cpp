#include "wire/json_scan.hpp"

#include "core/utf8.hpp"
#include "wire/json_text.hpp"

#include <algorithm>

namespace roomcast::wire {
namespace {

bool is_space(char c) noexcept { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

} // namespace

json_scan::json_scan(std::string_view text, size_t max_depth) noexcept :
    begin_(text.data()),
    at_(begin_),
    end_(begin_ + text.size()),
    max_depth_(std::min(max_depth, depth_bound)) {}

// -- the outermost value ------------------------------------------------------

bool json_scan::next(json_member& member) noexcept {
  switch (state_) {
  case state::start:
    if (!start()) return false;
    break;
  case state::member:
    if (!separator()) return false;
    break;
  case state::done: return false;
  }
  if (!key(member)) return false;
  const char* from = at_;
  if (!value()) return false;
  member.value = {from, static_cast<size_t>(at_ - from)};
  return true;
}

bool json_scan::start() noexcept {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (std::string_view{at_, static_cast<size_t>(end_ - at_)}.starts_with(byte_order_mark))
    at_ += byte_order_mark.size();
  skip_space();
  if (!at('{')) return value() && finish();
  is_object_ = true;
  if (!open(true)) return false;
  if (at('}')) {
    ++at_;
    return finish();
  }
  state_ = state::member;
  return true;
}

bool json_scan::separator() noexcept {
  skip_space();
  if (at(',')) {
    ++at_;
    skip_space();
    return true;
  }
  if (!at('}')) return fail("expected ',' or '}'");
  ++at_;
  return finish();
}

/// Always false: there is no further member.
bool json_scan::finish() noexcept {
  skip_space();
  if (at_ != end_) return fail("something follows the end of the JSON value");
  state_ = state::done;
  return false;
}

// -- values ------------------------------------------------------------------

bool json_scan::key(json_member& member) noexcept {
  if (!at('"')) return fail("expected a member name in double quotes");
  const char* from = at_ + 1;
  member.key_escaped = false;
  if (!string(member.key_escaped)) return false;
  member.key = {from, static_cast<size_t>(at_ - from - 1)};
  skip_space();
  if (!at(':')) return fail("expected ':'");
  ++at_;
  skip_space();
  return true;
}

/// One whole value. Containers inside it are levels of `nesting_`, not calls.
bool json_scan::value() noexcept {
  const size_t outside = depth_;
  json_member ignored;
  for (bool another = true; another;) {
    if (at('{') || at('[')) {
      const bool object = *at_ == '{';
      if (!open(object)) return false;
      if (!at(object ? '}' : ']')) {
        if (object && !key(ignored)) return false;
        continue;
      }
    } else if (!scalar()) {
      return false;
    }
    if (depth_ == outside) return true;
    if (!close_nested(outside, another)) return false;
    if (another && inside_object() && !key(ignored)) return false;
  }
  return true;
}

/// Enters the container whose first byte is next.
bool json_scan::open(bool object) noexcept {
  if (depth_ == max_depth_) return fail("nested too deeply");
  const uint64_t bit = uint64_t{1} << (depth_ % 64);
  auto& word = nesting_[depth_ / 64];
  word = object ? word | bit : word & ~bit;
  ++depth_;
  ++at_;
  skip_space();
  return true;
}

/// Leaves the containers that end here, down to `outside`; `another` if a comma promises one more value.
bool json_scan::close_nested(size_t outside, bool& another) noexcept {
  another = false;
  while (depth_ != outside) {
    skip_space();
    if (at(',')) {
      ++at_;
      skip_space();
      return another = true;
    }
    const bool object = inside_object();
    if (!at(object ? '}' : ']')) return fail(object ? "expected ',' or '}'" : "expected ',' or ']'");
    ++at_;
    --depth_;
  }
  return true;
}

bool json_scan::scalar() noexcept {
  if (at_ == end_) return fail("");
  bool ignored = false;
  switch (*at_) {
  case '"': return string(ignored);
  case 't': return literal("true");
  case 'f': return literal("false");
  case 'n': return literal("null");
  default: return number();
  }
}

bool json_scan::literal(std::string_view word) noexcept {
  if (!std::string_view{at_, static_cast<size_t>(end_ - at_)}.starts_with(word))
    return fail("expected a JSON value");
  at_ += word.size();
  return true;
}

// -- strings -----------------------------------------------------------------

bool json_scan::string(bool& escaped) noexcept {
  ++at_;
  for (;;) {
    at_ = skip_plain<true>(at_, end_);
    if (at_ == end_) return fail("");
    const auto c = static_cast<unsigned char>(*at_);
    if (c == '"') {
      ++at_;
      return true;
    }
    if (c == '\\') {
      escaped = true;
      if (!escape()) return false;
    } else if (c < 0x20) {
      return fail("a control character in a string must be escaped");
    } else if (!beyond_ascii()) {
      return false;
    }
  }
}

/// The bytes up to the next ASCII one. Frames were checked already, texts from elsewhere were not.
bool json_scan::beyond_ascii() noexcept {
  const char* stop = std::find_if(at_, end_, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (!is_utf8({at_, static_cast<size_t>(stop - at_)})) return fail("not UTF-8");
  at_ = stop;
  return true;
}

bool json_scan::escape() noexcept {
  if (end_ - at_ < 2) {
    at_ = end_;
    return fail("");
  }
  switch (at_[1]) {
  case '"':
  case '\\':
  case '/':
  case 'b':
  case 'f':
  case 'n':
  case 'r':
  case 't': at_ += 2; return true;
  case 'u': {
    uint32_t unit = 0;
    if (!hex4(at_ + 2, unit)) return false;
    if (unit >= 0xD800 && unit <= 0xDFFF) return surrogates(unit);
    at_ += 6;
    return true;
  }
  default: return fail("unknown escape in a string");
  }
}

/// `\uD83C\uDF7A`: `first` is the unit at `at_`; the other half must follow.
bool json_scan::surrogates(uint32_t first) noexcept {
  uint32_t second = 0;
  const bool pair = first <= 0xDBFF && end_ - at_ >= 8 && at_[6] == '\\' && at_[7] == 'u';
  if (!pair) return fail("half of a surrogate pair in a string");
  if (!hex4(at_ + 8, second)) return false;
  if (second < 0xDC00 || second > 0xDFFF) return fail("half of a surrogate pair in a string");
  at_ += 12;
  return true;
}

bool json_scan::hex4(const char* from, uint32_t& unit) noexcept {
  if (end_ - from < 4) return fail("expected four hexadecimal digits after \\u");
  unit = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = from[i];
    const char lower = static_cast<char>(c | 0x20);
    if (is_digit(c))
      unit = unit * 16 + static_cast<uint32_t>(c - '0');
    else if (lower >= 'a' && lower <= 'f')
      unit = unit * 16 + static_cast<uint32_t>(lower - 'a' + 10);
    else
      return fail("expected four hexadecimal digits after \\u");
  }
  return true;
}

// -- numbers -----------------------------------------------------------------

bool json_scan::number() noexcept {
  const char* from = at_;
  if (at('-')) ++at_;
  if (at('0'))
    ++at_;
  else if (!digits())
    return fail(from == at_ ? "expected a JSON value" : "expected a digit");
  if (at('.')) {
    ++at_;
    if (!digits()) return fail("expected a digit");
  }
  const bool exponent = at('e') || at('E');
  if (exponent) {
    ++at_;
    if (at('+') || at('-')) ++at_;
    if (!digits()) return fail("expected a digit");
  }
  const std::string_view text{from, static_cast<size_t>(at_ - from)};
  if ((exponent || text.size() > 308) && overflows_double(text)) return fail("the number is too large");
  return true;
}

bool json_scan::digits() noexcept {
  const char* from = at_;
  while (at_ != end_ && is_digit(*at_)) ++at_;
  return at_ != from;
}

// -- helpers -----------------------------------------------------------------

void json_scan::skip_space() noexcept {
  while (at_ != end_ && is_space(*at_)) ++at_;
}

/// Always false. A text that just stops has one reason, whatever was expected next.
bool json_scan::fail(std::string_view why) noexcept {
  state_ = state::done;
  if (begin_ == end_)
    why = "the text is empty";
  else if (at_ == end_)
    why = "the text ends too early";
  fault_ = {why, static_cast<size_t>(at_ - begin_)};
  return false;
}

} // namespace roomcast::wire
