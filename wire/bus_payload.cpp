#include "wire/bus_payload.hpp"

#include "core/utf8.hpp"

#include <algorithm>
#include <charconv>

namespace roomcast::wire {
namespace {

constexpr char header_mark = '\x01';
constexpr size_t max_header_bytes =
    512; // mark and newline included: an epoch, a position and a connection fit

bool read_number(std::string_view digits, uint64_t& number) noexcept {
  const auto [stop, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return fault == std::errc{} && stop == digits.data() + digits.size();
}

bool read_epoch(std::string_view text, bus_payload& out) noexcept {
  const auto epoch = parse_epoch(text);
  if (epoch) out.at.epoch = *epoch;
  return epoch.has_value();
}

/// `BOOT.CONN`
bool read_exclusion(std::string_view text, bus_payload& out) noexcept {
  const size_t dot = text.rfind('.');
  if (dot == text.npos || dot == 0) return false;
  uint64_t number = 0;
  if (!read_number(text.substr(dot + 1), number) || number == 0) return false;
  out.exclude_boot = text.substr(0, dot);
  out.exclude_connection = connection_id{number};
  return true;
}

/// `e=EPOCH;s=SEQ;x=BOOT.CONN` between mark and newline.
bool read_header(std::string_view parts, bus_payload& out) noexcept {
  while (!parts.empty()) {
    const auto part = parts.substr(0, parts.find(';'));
    parts.remove_prefix(std::min(part.size() + 1, parts.size()));
    if (part.starts_with("x=") && !read_exclusion(part.substr(2), out)) return false;
    if (part.starts_with("e=") && !read_epoch(part.substr(2), out)) return false;
    if (part.starts_with("s=") && !read_number(part.substr(2), out.at.seq)) return false;
  }
  return (out.at.epoch != no_epoch) == (out.at.seq > 0);
}

/// What append_numbered() needs: our own events always are so.
bool is_numberable(std::string_view text) noexcept {
  return text.size() > 2 && text[1] == '"' && text.ends_with('}');
}

} // namespace

std::string_view to_string(bus_reject why) noexcept {
  switch (why) {
  case bus_reject::too_large: return "too_large";
  case bus_reject::not_utf8: return "not_utf8";
  case bus_reject::not_an_object: return "not_an_object";
  case bus_reject::bad_header: break;
  }
  return "bad_header";
}

result<bus_payload, bus_reject> decode_bus_payload(std::string_view payload, size_t max_bytes) noexcept {
  if (payload.size() > max_bytes) return bus_reject::too_large;
  bus_payload out;
  out.text = payload;
  if (payload.starts_with(header_mark)) {
    const size_t line = payload.substr(0, max_header_bytes).find('\n');
    if (line == payload.npos || !read_header(payload.substr(1, line - 1), out)) return bus_reject::bad_header;
    out.text = payload.substr(line + 1);
  }
  if (!out.text.starts_with('{')) return bus_reject::not_an_object;
  if (out.at && !is_numberable(out.text)) return bus_reject::bad_header;
  if (!is_utf8(out.text)) return bus_reject::not_utf8;
  return out;
}

std::string exclude(std::string_view boot, connection_id connection, std::string_view text) {
  const auto number = std::to_string(value(connection));
  std::string out;
  out.reserve(5 + boot.size() + number.size() + text.size());
  (((out += "\x01x=") += boot) += '.') += number;
  (out += '\n') += text;
  return out;
}

} // namespace roomcast::wire
