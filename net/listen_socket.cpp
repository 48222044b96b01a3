#include "net/listen_socket.hpp"

#include "core/limits.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace roomcast::net {

namespace {

using address_list = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

/// errno of the first call that failed, or 0.
int try_listen(const addrinfo& where, unique_fd& out) noexcept {
  unique_fd fd{::socket(where.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP)};
  if (!fd) return errno;
  auto set = [&fd](int level, int name, int value) {
    return ::setsockopt(fd.get(), level, name, &value, sizeof(value)) == 0;
  };
  // SO_REUSEADDR: a restarted node need not wait for its old connections to leave TIME_WAIT.
  bool ok = set(SOL_SOCKET, SO_REUSEADDR, 1) && set(IPPROTO_TCP, TCP_NODELAY, 1)
            && (where.ai_family != AF_INET6 || set(IPPROTO_IPV6, IPV6_V6ONLY, 0))
            && ::bind(fd.get(), where.ai_addr, where.ai_addrlen) == 0
            && ::listen(fd.get(), limits::listen_backlog) == 0;
  if (!ok) return errno;
  // Accepted sockets inherit it. A kernel that does not know it keeps megabytes for each slow client.
  set(IPPROTO_TCP, TCP_NOTSENT_LOWAT, limits::max_unsent_bytes);
  out = std::move(fd);
  return 0;
}

bool means_no_ipv6(int error) noexcept { return error == EAFNOSUPPORT || error == EADDRNOTAVAIL; }

uint16_t bound_port(int fd) noexcept {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  if (address.ss_family == AF_INET6) return ntohs(reinterpret_cast<sockaddr_in6*>(&address)->sin6_port);
  return ntohs(reinterpret_cast<sockaddr_in*>(&address)->sin_port);
}

std::string explain(int error, const std::string& host, uint16_t port) {
  auto number = std::to_string(port);
  switch (error) {
  case EADDRINUSE:
    return "port " + number + " is already in use on " + host + " (another program listens there)";
  case EACCES:
  case EPERM:
    return "no permission to listen on port " + number + " of " + host
           + " (ports below 1024 need CAP_NET_BIND_SERVICE)";
  case EADDRNOTAVAIL: return "cannot listen on " + host + ": no interface of this machine has that address";
  default: return "cannot listen on port " + number + " of " + host + ": " + std::strerror(error);
  }
}

result<address_list, std::string> resolve(const std::string& host, uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found); error != 0)
    return "cannot listen on " + host + ": unknown host (" + ::gai_strerror(error) + ")";
  return address_list{found, &freeaddrinfo};
}

} // namespace

result<listen_socket, std::string> open_listen_socket(const std::string& host, uint16_t port) {
  auto addresses = resolve(host, port);
  if (!addresses) return std::move(addresses).failure();
  int error = EADDRNOTAVAIL;
  for (const auto* at = addresses->get(); at != nullptr; at = at->ai_next) {
    unique_fd fd;
    error = try_listen(*at, fd);
    if (error != 0) continue;
    auto real_port = bound_port(fd.get());
    return listen_socket{std::move(fd), real_port, at->ai_family == AF_INET6};
  }
  if (host == "::" && means_no_ipv6(error)) return open_listen_socket("0.0.0.0", port);
  return explain(error, host, port);
}

} // namespace roomcast::net
