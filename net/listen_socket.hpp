#pragma once

#include "core/error.hpp"
#include "net/unique_fd.hpp"

#include <cstdint>
#include <string>

namespace roomcast::net {

/// A socket that listens: nonblocking, TCP_NODELAY (accepted sockets inherit it on Linux), without
/// SO_REUSEPORT, so that a port in use is an error.
struct listen_socket {
  unique_fd fd;
  uint16_t port = 0; ///< the real one
  bool is_v6 = false;
};

/// Binds and listens. `host` is an address or a name; `::` takes IPv4 as well, and is 0.0.0.0 where there is
/// no IPv6. The error is one line that says what is wrong and where. May block for a name.
result<listen_socket, std::string> open_listen_socket(const std::string& host, uint16_t port);

} // namespace roomcast::net
