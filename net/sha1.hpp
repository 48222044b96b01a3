#pragma once

#include <string>
#include <string_view>

namespace roomcast::net {

/// SHA-1 of `text` as 40 lower-case hex digits: how Redis names a script (EVALSHA). Throws std::runtime_error
/// where OpenSSL has no SHA-1. Any thread.
std::string sha1_hex(std::string_view text);

} // namespace roomcast::net
