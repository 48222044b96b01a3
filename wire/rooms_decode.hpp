#pragma once

#include "core/error.hpp"
#include "wire/request.hpp"

#include <string>
#include <string_view>

namespace roomcast::wire {

/// Reads one request of the rooms protocol (docs/protocol.md); dialect::decode says the rest.
result<request, bad_request>
decode_rooms_request(std::string_view text, const decode_limits& limits, std::string& scratch) noexcept;

} // namespace roomcast::wire
