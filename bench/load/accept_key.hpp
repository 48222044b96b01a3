#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace roomcast::bench {

/// Base64 with padding (RFC 4648 section 4). Any thread.
std::string base64(std::string_view bytes);

/// The Sec-WebSocket-Accept that belongs to a Sec-WebSocket-Key (RFC 6455 section 4.2.2). Written for the
/// bench alone: a load generator that borrowed the server's own code would share its mistakes.
std::string accept_key(std::string_view key);

} // namespace roomcast::bench
