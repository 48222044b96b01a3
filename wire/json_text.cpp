#include "wire/json_text.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace roomcast::wire {
namespace {

// 2^1024 - 2^970: halfway between the largest double and the next power of two, which rounds up.
constexpr std::string_view first_infinite =
    "17976931348623158079372897140530341507993413271003782693617377898044496829276475094664901797758720709633"
    "0"
    "28641669288791094655554785194040263065748867150582068190890200070838367627385484581771153176447573027006"
    "9"
    "855571366959622842914819860834936475292719074168444365510704342711559699508093042880177904174497792";
constexpr long long top_power = 308; // of ten, of the first digit above

/// The letter behind the backslash of a short escape, or 0.
char short_escape(char c) noexcept {
  switch (c) {
  case '"':
  case '\\': return c;
  case '\b': return 'b';
  case '\f': return 'f';
  case '\n': return 'n';
  case '\r': return 'r';
  case '\t': return 't';
  default: return 0;
  }
}

void append_escape(std::string& out, char c) {
  static constexpr char hex[] = "0123456789abcdef";
  out += '\\';
  if (const char letter = short_escape(c)) {
    out += letter;
    return;
  }
  out += "u00";
  out += hex[static_cast<unsigned char>(c) >> 4];
  out += hex[c & 15];
}

/// The value of an exponent, clamped far beyond what any text could balance with digits.
long long exponent_of(std::string_view text) noexcept {
  const bool negative = text.starts_with('-');
  long long power = 0;
  for (char c : text)
    if (c >= '0' && c <= '9') power = std::min(power * 10 + (c - '0'), 1'000'000'000'000LL);
  return negative ? -power : power;
}

/// Compares digits, the first of them not zero, with those of `first_infinite`.
bool reaches_infinity(std::string_view digits) noexcept {
  size_t i = 0;
  for (char c : digits) {
    if (c == '.') continue;
    if (i == first_infinite.size()) return true;
    if (c != first_infinite[i]) return c > first_infinite[i];
    ++i;
  }
  return i == first_infinite.size();
}

} // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  const char* from = text.data();
  const char* const end = from + text.size();
  for (;;) {
    const char* stop = skip_plain<false>(from, end);
    out.append(from, static_cast<size_t>(stop - from));
    if (stop == end) break;
    append_escape(out, *stop);
    from = stop + 1;
  }
  out += '"';
}

size_t json_string_size(std::string_view text) noexcept {
  size_t size = text.size() + 2;
  const char* const end = text.data() + text.size();
  for (const char* p = skip_plain<false>(text.data(), end); p != end; p = skip_plain<false>(p + 1, end))
    size += short_escape(*p) ? 1 : 5;
  return size;
}

void append_unescaped(std::string& out, std::string_view quoted) {
  const auto value = nlohmann::json::parse(quoted, nullptr, false);
  if (const auto* text = value.get_ptr<const std::string*>()) out += *text;
}

bool overflows_double(std::string_view number) noexcept {
  if (number.starts_with('-')) number.remove_prefix(1);
  const size_t e = std::min(number.find_first_of("eE"), number.size());
  const auto mantissa = number.substr(0, e);
  const size_t point = std::min(mantissa.find('.'), mantissa.size());
  const size_t first = mantissa.find_first_of("123456789");
  if (first == mantissa.npos) return false;
  const auto places = static_cast<long long>(point) - static_cast<long long>(first);
  long long power = first < point ? places - 1 : places;
  if (e != number.size()) power += exponent_of(number.substr(e + 1));
  if (power != top_power) return power > top_power;
  return reaches_infinity(mantissa.substr(first));
}

} // namespace roomcast::wire
