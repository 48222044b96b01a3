#include "core/close_code.hpp"

#include <array>

namespace roomcast {
namespace {

constexpr std::array<close_code_info, 13> table{{
    {close_code::abnormal, "abnormal", "", true},
    {close_code::normal, "normal", "", false},
    {close_code::going_away, "going_away", "node is shutting down", true},
    {close_code::protocol_error, "protocol_error", "not RFC 6455", false},
    {close_code::unsupported_data, "unsupported_data", "text frames only", false},
    {close_code::no_status, "no_status", "", false},
    {close_code::invalid_payload, "invalid_payload", "text is not UTF-8", false},
    {close_code::message_too_big, "message_too_big", "message over the limit", false},
    {close_code::internal_error, "internal_error", "internal error", true},
    {close_code::service_restart, "service_restart", "node is draining", true},
    {close_code::try_again_later, "try_again_later", "node is overloaded", true},
    {close_code::slow_consumer, "slow_consumer", "messages were not read fast enough", true},
    {close_code::pong_timeout, "pong_timeout", "no answer to ping", true},
}};

} // namespace

const close_code_info& info(close_code code) noexcept {
  for (const auto& row : table)
    if (row.code == code) return row;
  return table.front();
}

bool may_be_received(uint16_t code) noexcept {
  if (code >= 3000) return code <= 4999;
  switch (code) {
  case 1000:
  case 1001:
  case 1002:
  case 1003:
  case 1007:
  case 1008:
  case 1009:
  case 1010:
  case 1011:
  case 1012:
  case 1013:
  case 1014: return true;
  default: return false;
  }
}

} // namespace roomcast
