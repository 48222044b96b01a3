#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>

/// The system calls of a non-blocking stream socket, with their errors sorted in one place: a socket either
/// goes on, waits, or is gone. No exceptions, no signals, no blocking, whatever the mode of the socket.
namespace roomcast::net {

enum class io_status : uint8_t {
  ok,
  wait, ///< EAGAIN: try when the socket is ready
  gone, ///< the end of the stream, a reset, or any other error
};

struct io_result {
  io_status status;
  size_t bytes = 0; ///< moved; only when ok
};

/// One recv(2).
io_result receive(int socket, std::span<char> buffer) noexcept;

/// One gathering sendmsg(2); may take less than all of `parts`.
io_result send(int socket, std::span<iovec> parts) noexcept;

/// Makes close(2) reset the connection and drop what the kernel still holds for a peer that does not read.
void reset_on_close(int socket) noexcept;

} // namespace roomcast::net
