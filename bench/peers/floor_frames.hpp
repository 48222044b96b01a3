#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

/// WebSocket frames as far as the yardstick needs them: a server's frames out, a client's unfragmented ones
/// in.
namespace roomcast::bench::floor {

constexpr uint8_t op_text = 1, op_close = 8, op_ping = 9, op_pong = 10;

/// Appends one server frame (RFC 6455 section 5.2).
inline void append_frame(std::string& out, uint8_t op, std::string_view body) {
  const size_t length_bytes = body.size() < 126 ? 0 : body.size() < 65536 ? 2 : 8;
  out += static_cast<char>(0x80 | op);
  out += static_cast<char>(length_bytes == 0 ? body.size() : length_bytes == 2 ? 126 : 127);
  for (size_t i = length_bytes; i-- > 0;) out += static_cast<char>(uint64_t{body.size()} >> 8 * i);
  out.append(body);
}

/// Takes the mask off, in place.
inline void unmask(char* body, size_t size, const char* mask) {
  uint64_t both = 0;
  std::memcpy(&both, mask, 4);
  both |= both << 32;
  size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    uint64_t word;
    std::memcpy(&word, body + i, 8);
    word ^= both;
    std::memcpy(body + i, &word, 8);
  }
  for (; i < size; ++i) body[i] = static_cast<char>(body[i] ^ mask[i & 3]);
}

struct client_frame {
  bool broken = false; ///< fragmented, not masked or too large
  uint8_t op = 0;
  size_t size = 0; ///< header and body; 0: not all there yet
  std::string_view body;
};

/// Reads the frame that `bytes` begins with.
inline client_frame read_frame(char* bytes, size_t size, size_t max_body) {
  if (size < 6) return {};
  const auto* head = reinterpret_cast<const uint8_t*>(bytes);
  const size_t announced = head[1] & 127;
  const size_t length_bytes = announced < 126 ? 0 : announced == 126 ? 2 : 8;
  const size_t header = 2 + length_bytes + 4;
  if (size < header) return {};
  uint64_t length = length_bytes == 0 ? announced : 0;
  for (size_t i = 0; i < length_bytes; ++i) length = length << 8 | head[2 + i];
  client_frame frame;
  frame.broken = !(head[0] & 0x80) || !(head[1] & 0x80) || length > max_body;
  if (frame.broken || size - header < length) return frame;
  unmask(bytes + header, length, bytes + header - 4);
  frame.op = head[0] & 15;
  frame.size = header + length;
  frame.body = {bytes + header, length};
  return frame;
}

} // namespace roomcast::bench::floor
