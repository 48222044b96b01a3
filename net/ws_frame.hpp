#pragma once

#include "core/close_code.hpp"
#include "core/shared_bytes.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// WebSocket frames, RFC 6455 section 5: bytes in, events out, and back. No sockets and no clocks.
namespace roomcast::net {

/// RFC 6455 section 5.2; every other value is reserved.
enum class opcode : uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

// -- encoding ----------------------------------------------------------------

/// The header of an unmasked frame is never longer than this.
constexpr size_t max_frame_header_bytes = 10;
/// Payload of a ping, pong or close frame (RFC 6455 section 5.5).
constexpr size_t max_control_bytes = 125;

/// Size in bytes of the header in front of an unmasked payload of `payload_size` bytes: 2, 4 or 10.
constexpr size_t frame_header_size(size_t payload_size) noexcept {
  return payload_size < 126 ? 2 : payload_size <= 0xFFFF ? 4 : 10;
}

/// Writes the header of an unmasked final frame to `out` (frame_header_size() bytes of room) and returns its
/// size.
size_t write_frame_header(char* out, opcode op, size_t payload_size) noexcept;

/// Appends one finished unmasked frame, as a server sends it.
void append_frame(bytes_builder& out, opcode op, std::string_view payload);
void append_frame(std::string& out, opcode op, std::string_view payload);

/// Appends one frame as a client sends it, masked with `key` (RFC 6455 section 5.3). For test clients and
/// load generators; a real client takes a fresh random key per frame.
void append_client_frame(
    std::string& out, opcode op, std::string_view payload, std::array<char, 4> key, bool final = true);

/// The payload of a close frame. `no_status` and `abnormal` give an empty one (they must not be sent); the
/// reason is cut to 123 bytes, at a character boundary.
std::string close_payload(close_code code, std::string_view reason);

// -- decoding ----------------------------------------------------------------

/// What the decoder found.
struct frame_event {
  enum kind_t : uint8_t {
    none,    ///< the input is used up
    message, ///< a complete message; text is valid UTF-8
    ping,    ///< answer with a pong of the same payload
    pong,
    close,  ///< the peer's close frame: `code` (no_status if empty), the reason as payload; nothing follows
    failed, ///< the peer broke the protocol: close with `code`; nothing follows
  };

  kind_t kind = none;
  bool binary = false;                     ///< of a message
  close_code code = close_code::no_status; ///< of close and failed; any number that may be received
  std::string_view payload;                ///< valid until the next call of next()
};

/// Decodes the frames of one direction of one connection. Idle it is 16 bytes: bytes are kept only while a
/// frame or a fragmented message is incomplete, and never more than arrived (doubling growth aside). Whatever
/// the input, it neither throws (but std::bad_alloc) nor asserts. One thread at a time.
class ws_decoder {
public:
  /// Whose frames these are: those of a client must be masked, those of a server must not.
  enum class sender : uint8_t { client, server };

  /// A message over `max_message_bytes` (all fragments together) fails with message_too_big, as soon as its
  /// header is seen.
  ws_decoder(sender from, size_t max_message_bytes) noexcept;
  ws_decoder(ws_decoder&&) noexcept;
  ws_decoder& operator=(ws_decoder&&) noexcept;
  ~ws_decoder();

  /// Decodes up to the next event, removes what it used from the front of `bytes` and unmasks it in place.
  /// The payload of an unfragmented frame that `bytes` holds completely is a view into `bytes`. Call until it
  /// answers `none`; then `bytes` is empty and may be reused.
  frame_event next(std::span<char>& bytes);

  /// Whether it keeps nothing of an incomplete message or frame.
  bool idle() const noexcept { return !partial_; }

private:
  struct head;
  struct partial;
  using problem = std::optional<close_code>;

  problem inspect(head& h, std::span<const char> bytes) const noexcept;
  bool first_byte_allowed(head& h, uint8_t first) const noexcept;
  problem take_head(std::span<char>& bytes, head& h);
  bool is_whole(const head& h, size_t available) const noexcept;
  frame_event take_whole(std::span<char>& bytes, const head& h);
  void begin_frame(const head& h);
  problem take_piece(std::span<char>& bytes);
  frame_event finish_frame();
  frame_event control_event(opcode op, std::string_view payload) noexcept;
  frame_event close_event(std::string_view payload) noexcept;
  frame_event fail(close_code code) noexcept;
  size_t room_left() const noexcept;
  bool in_message() const noexcept;
  void forget_delivered() noexcept;
  partial& kept();

  std::unique_ptr<partial> partial_; // only while something is incomplete
  uint32_t max_message_bytes_;
  sender from_;
  bool done_ = false; // a close frame or a failure was reported
};

} // namespace roomcast::net
