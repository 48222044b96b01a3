#pragma once

#include <cstdint>
#include <string_view>

namespace roomcast {

/// Why a WebSocket connection ends: RFC 6455 section 7.4.1, and 4000-4999 for roomcast's own.
enum class close_code : uint16_t {
  normal = 1000,
  going_away = 1001,
  protocol_error = 1002,
  unsupported_data = 1003,
  no_status = 1005, // never sent: the peer's close frame was empty
  abnormal = 1006,  // never sent: the connection broke without a close frame
  invalid_payload = 1007,
  message_too_big = 1009,
  internal_error = 1011,
  service_restart = 1012,
  try_again_later = 1013,
  slow_consumer = 4008,
  pong_timeout = 4009,
};

/// One row of the table of close codes (docs/protocol.md, "Close codes").
struct close_code_info {
  close_code code;
  std::string_view name;   // as in logs and stats
  std::string_view reason; // the text sent with the code, at most 123 bytes
  bool come_back;          // whether a client should reconnect
};

/// The row of `code`; an unknown code gets the row of `abnormal`.
const close_code_info& info(close_code code) noexcept;

/// Whether a peer may send this code (RFC 6455 section 7.4.2).
bool may_be_received(uint16_t code) noexcept;

} // namespace roomcast
