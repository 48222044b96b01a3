#include "net/socket_io.hpp"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace roomcast::net {
namespace {

io_result failed(int error) noexcept {
  const bool blocked = error == EAGAIN; // = EWOULDBLOCK on Linux
  return {blocked ? io_status::wait : io_status::gone};
}

/// Without glibc's send(): that is a cancellation point, and switches cancellation for each call.
ssize_t send_to_peer(int socket, const iovec& part, int flags) noexcept {
  return ::syscall(SYS_sendto, socket, part.iov_base, part.iov_len, flags, nullptr, 0);
}

} // namespace

io_result receive(int socket, std::span<char> buffer) noexcept {
  for (;;) {
    const ssize_t n = ::recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (n > 0) return {io_status::ok, static_cast<size_t>(n)};
    if (n == 0) return {io_status::gone};
    if (errno != EINTR) return failed(errno);
  }
}

io_result send(int socket, std::span<iovec> parts) noexcept {
  constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  const bool single = parts.size() == 1; // the usual case, and cheaper: the kernel has no vector to copy in
  for (;;) {
    const ssize_t n = single ? send_to_peer(socket, parts[0], flags) : ::sendmsg(socket, &message, flags);
    if (n >= 0) return {io_status::ok, static_cast<size_t>(n)};
    if (errno != EINTR) return failed(errno);
  }
}

void reset_on_close(int socket) noexcept {
  const linger at_once{1, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

} // namespace roomcast::net
