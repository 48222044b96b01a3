#include "bench/load/payload.hpp"

#include <cstring>

namespace roomcast::bench {
namespace {

constexpr std::string_view lead = "~WL";

struct field {
  size_t at;
  size_t digits;
};

constexpr size_t kind_at = 3;
constexpr field run_field{4, 4};
constexpr field room_field{8, 6};
constexpr field publisher_field{14, 6};
constexpr field sequence_field{20, 8};
constexpr field sent_field{28, 16};

void put(char* payload, field where, uint64_t value) noexcept {
  for (size_t i = where.digits; i-- > 0; value >>= 4) payload[where.at + i] = "0123456789abcdef"[value & 15];
}

uint64_t get(const char* payload, field where, bool& ok) noexcept {
  uint64_t value = 0;
  for (size_t i = where.at; i < where.at + where.digits; ++i) {
    const auto c = static_cast<unsigned char>(payload[i]);
    const bool decimal = c >= '0' && c <= '9';
    if (!decimal && (c < 'a' || c > 'f')) return ok = false, 0;
    value = value << 4 | static_cast<uint64_t>(decimal ? c - '0' : c - 'a' + 10);
  }
  return value;
}

} // namespace

payload_format::payload_format(uint16_t run, uint32_t size) : run_(run), padding_(":") {
  constexpr std::string_view filling = "abcdefghijklmnopqrstuvwxyz 0123456789";
  while (mark_bytes + padding_.size() + 1 < size) padding_ += filling[padding_.size() % filling.size()];
  padding_ += '$';
}

std::string payload_format::make(mark::kind_t kind, uint32_t room, uint32_t publisher) const {
  std::string payload(mark_bytes, '0');
  payload.replace(0, lead.size(), lead);
  payload[kind_at] = static_cast<char>(kind);
  put(payload.data(), run_field, run_);
  put(payload.data(), room_field, room);
  put(payload.data(), publisher_field, publisher);
  return payload + padding_;
}

void payload_format::stamp(char* payload, uint32_t sequence, uint64_t sent_ns) noexcept {
  put(payload, sequence_field, sequence);
  put(payload, sent_field, sent_ns);
}

size_t payload_format::find(std::string_view text) noexcept {
  const char* at = text.data();
  for (const char* end = at + text.size(); static_cast<size_t>(end - at) >= min_size; ++at) {
    at = static_cast<const char*>(std::memchr(at, '~', static_cast<size_t>(end - at) - min_size + 1));
    if (!at) break;
    if (at[1] == 'W' && at[2] == 'L') return static_cast<size_t>(at - text.data());
  }
  return std::string_view::npos;
}

bool payload_format::read(std::string_view text, mark& out) const noexcept {
  bool ok = text.substr(mark_bytes).starts_with(padding_);
  const char* payload = text.data();
  out.kind = static_cast<mark::kind_t>(payload[kind_at]);
  out.run = static_cast<uint16_t>(get(payload, run_field, ok));
  out.room = static_cast<uint32_t>(get(payload, room_field, ok));
  out.publisher = static_cast<uint32_t>(get(payload, publisher_field, ok));
  out.sequence = static_cast<uint32_t>(get(payload, sequence_field, ok));
  out.sent_ns = get(payload, sent_field, ok);
  return ok && (out.kind == mark::kind_t::message || out.kind == mark::kind_t::probe);
}

} // namespace roomcast::bench
