#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// The client's side of RFC 6455 section 5, apart from the server's own codec, so that the two check each
/// other. Plain functions, any thread.
namespace roomcast::bench {

enum class opcode : uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// Appends one masked frame.
void append_frame(std::string& out, opcode op, std::string_view body, uint32_t mask);

/// One frame from the server.
struct server_frame {
  opcode op;
  bool final;
  std::string_view body;
  size_t bytes; ///< header and body
};

enum class frame_status : uint8_t { complete, incomplete, broken };

/// Looks at the frame that `bytes` begins with. `in_message`: fragments of a message came before it. `fault`
/// says what is broken.
frame_status
parse_frame(std::string_view bytes, bool in_message, server_frame& frame, std::string_view& fault) noexcept;

/// What is wrong with the answer to an upgrade request; empty: nothing. `head` is all up to and with the last
/// header's line end, `accept` what Sec-WebSocket-Accept must be.
std::string upgrade_fault(std::string_view head, std::string_view accept);

} // namespace roomcast::bench
