#pragma once

#include "net/server.hpp"

#include <string>
#include <string_view>

namespace roomcast::net {

/// One response as it goes over the wire. `head_only`: the answer to HEAD. Fields that are no HTTP fields
/// (RFC 9110 section 5.5: control characters in them) are left out. Any thread.
std::string render_response(const http_response& response, bool keep_alive, bool head_only);

/// `101 Switching Protocols`, RFC 6455 section 4.2.2. `subprotocol` may be empty.
std::string render_upgrade(std::string_view accept_key, std::string_view subprotocol);

/// A response with a sentence as body.
http_response text_response(unsigned status, std::string_view sentence);

/// 503 with that line, and Retry-After: 1.
http_response busy_response(std::string_view sentence);

} // namespace roomcast::net
