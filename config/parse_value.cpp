#include "config/parse_value.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace roomcast::config {

namespace {

// Nanoseconds per unit, as CAF's parser knows them; the longer names first where one begins another.
constexpr std::array<std::pair<std::string_view, int64_t>, 6> units{{
    {"ns", 1},
    {"us", 1'000},
    {"ms", 1'000'000},
    {"s", 1'000'000'000},
    {"min", 60'000'000'000},
    {"h", 3'600'000'000'000},
}};

} // namespace

std::optional<uint64_t> parse_number(std::string_view text) noexcept {
  uint64_t value = 0;
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) noexcept {
  auto digits = text.substr(0, text.find_first_not_of("0123456789"));
  auto unit = text.substr(digits.size());
  int64_t count = 0;
  auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (failure != std::errc{}) return std::nullopt;
  for (auto [name, nanoseconds] : units) {
    if (unit != name) continue;
    int64_t total = 0;
    if (__builtin_mul_overflow(count, nanoseconds, &total) || total % 1'000'000 != 0) return std::nullopt;
    return std::chrono::milliseconds{total / 1'000'000};
  }
  return std::nullopt;
}

std::string format_duration(std::chrono::milliseconds value) {
  auto count = value.count();
  auto print = [](int64_t n, const char* unit) { return std::to_string(n) + unit; };
  if (count == 0) return "0s";
  if (count % 3'600'000 == 0) return print(count / 3'600'000, "h");
  if (count % 60'000 == 0) return print(count / 60'000, "min");
  if (count % 1'000 == 0) return print(count / 1'000, "s");
  return print(count, "ms");
}

std::string allowed_number(uint64_t min, uint64_t max) {
  return "must be a whole number, " + std::to_string(min) + " to " + std::to_string(max);
}

std::string allowed_duration(std::chrono::milliseconds min, std::chrono::milliseconds max) {
  return "must be a duration such as 30s or 500ms, " + format_duration(min) + " to " + format_duration(max);
}

std::string mask_url(std::string_view url) {
  auto scheme = url.find("://");
  auto begin = scheme == std::string_view::npos ? 0 : scheme + 3;
  std::string masked{url.substr(0, begin)};
  // The last `@`: a password pasted without escaping may hold others.
  if (auto at = url.rfind('@'); at != std::string_view::npos && at >= begin) {
    masked += "***";
    begin = at;
  }
  auto rest = url.substr(begin);
  auto query = rest.find('?');
  masked += rest.substr(0, query);
  if (query != std::string_view::npos) masked += "?***";
  return masked;
}

std::string printable(std::string_view text, size_t max) {
  std::string line{text.substr(0, max)};
  for (auto& c : line)
    if (auto byte = static_cast<unsigned char>(c); byte < 0x20 || byte == 0x7F) c = '?';
  if (text.size() > max) line += "...";
  return line;
}

std::string quoted(std::string_view text) {
  std::string out{'"'};
  for (auto c : printable(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

} // namespace roomcast::config
