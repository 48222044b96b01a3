#include "bench/load/frames.hpp"

#include <algorithm>
#include <cctype>
#include <cstring>

namespace roomcast::bench {
namespace {

/// More than any server under test is asked to send in one frame.
constexpr uint64_t max_frame_bytes = 64u << 20;

uint64_t big_endian(std::string_view bytes) noexcept {
  uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

void apply_mask(char* data, size_t size, uint32_t mask) noexcept {
  const uint64_t both = uint64_t{mask} << 32 | mask;
  size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    uint64_t word;
    std::memcpy(&word, data + i, 8);
    word ^= both;
    std::memcpy(data + i, &word, 8);
  }
  for (; i < size; ++i) data[i] = static_cast<char>(data[i] ^ static_cast<char>(mask >> 8 * (i & 3)));
}

std::string_view header_fault(uint8_t first, uint8_t second, uint64_t size, bool in_message) noexcept {
  const unsigned op = first & 15;
  const bool final = first & 0x80;
  if (first & 0x70) return "reserved bits set";
  if (second & 0x80) return "masked frame from the server";
  if (size > max_frame_bytes) return "frame over 64 MiB";
  if (op >= 8 && (!final || size > 125)) return "bad control frame";
  if ((op > 2 && op < 8) || op > 10) return "unknown opcode";
  if (op == 0 && !in_message) return "continuation of nothing";
  if ((op == 1 || op == 2) && in_message) return "new message inside a fragmented one";
  return {};
}

std::string lower(std::string_view text) {
  std::string out{text};
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// The headers that an upgrade needs.
struct upgrade_headers {
  bool upgrade = false;
  bool connection = false;
  bool accept = false;
  bool extensions = false;

  void read(std::string_view line, std::string_view wanted_accept) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return;
    const auto name = lower(line.substr(0, colon));
    const auto value = trimmed(line.substr(colon + 1));
    if (name == "upgrade") upgrade = lower(value) == "websocket";
    if (name == "connection") connection = lower(value).find("upgrade") != std::string::npos;
    if (name == "sec-websocket-accept") accept = value == wanted_accept;
    if (name == "sec-websocket-extensions") extensions = true;
  }
};

} // namespace

void append_frame(std::string& out, opcode op, std::string_view body, uint32_t mask) {
  const size_t length_bytes = body.size() < 126 ? 0 : body.size() < 65536 ? 2 : 8;
  out += static_cast<char>(0x80 | static_cast<uint8_t>(op));
  out += static_cast<char>(0x80 | (length_bytes == 0 ? body.size() : length_bytes == 2 ? 126 : 127));
  for (size_t i = length_bytes; i-- > 0;) out += static_cast<char>(uint64_t{body.size()} >> 8 * i);
  out.append(reinterpret_cast<const char*>(&mask), sizeof mask);
  const size_t at = out.size();
  out.append(body);
  apply_mask(out.data() + at, body.size(), mask);
}

frame_status
parse_frame(std::string_view bytes, bool in_message, server_frame& frame, std::string_view& fault) noexcept {
  if (bytes.size() < 2) return frame_status::incomplete;
  const auto first = static_cast<uint8_t>(bytes[0]);
  const auto second = static_cast<uint8_t>(bytes[1]);
  const unsigned announced = second & 127;
  const size_t header = announced < 126 ? 2 : announced == 126 ? 4 : 10;
  if (bytes.size() < header) return frame_status::incomplete;
  const uint64_t size = announced < 126 ? announced : big_endian(bytes.substr(2, header - 2));
  fault = header_fault(first, second, size, in_message);
  if (!fault.empty()) return frame_status::broken;
  if (bytes.size() - header < size) return frame_status::incomplete;
  frame = {
      static_cast<opcode>(first & 15), (first & 0x80) != 0, bytes.substr(header, size),
      header + static_cast<size_t>(size)};
  return frame_status::complete;
}

std::string upgrade_fault(std::string_view head, std::string_view accept) {
  const auto status = head.substr(0, head.find("\r\n"));
  if (!status.starts_with("HTTP/1.1 101")) return "HTTP: " + std::string{status};
  upgrade_headers headers;
  for (size_t at = status.size() + 2; at < head.size();) {
    const auto end = std::min(head.find("\r\n", at), head.size());
    headers.read(head.substr(at, end - at), accept);
    at = end + 2;
  }
  if (headers.extensions) return "server selected an extension that was not offered";
  if (!headers.accept) return "wrong Sec-WebSocket-Accept";
  if (!headers.upgrade || !headers.connection) return "not a WebSocket upgrade";
  return {};
}

} // namespace roomcast::bench
