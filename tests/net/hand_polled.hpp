#pragma once

#include "net/io_thread.hpp"
#include "net/timer_wheel.hpp"

#include <boost/asio/io_context.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace roomcast::test {

/// Whether the TCP sockets of this process have connects, bytes or accepts on their way. Also on loopback a
/// busy machine delivers them only after the call has returned.
inline bool tcp_under_way() {
  for (const auto& entry : std::filesystem::directory_iterator{"/proc/self/fd"}) {
    tcp_info info{};
    socklen_t size = sizeof(info);
    const auto fd = std::stoi(entry.path().filename().string());
    if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) continue;
    // Of a listening socket tcpi_unacked counts what is not accepted yet.
    if (info.tcpi_state == TCP_SYN_SENT || info.tcpi_unacked > 0) return true;
  }
  return false;
}

/// An I/O thread that the test runs itself; the time of its wheel goes on by the test's word alone.
class hand_polled {
public:
  net::io_thread thread{0};

  /// Runs the loop until `done`; false when that takes unreasonably long.
  template <class Predicate> bool run_until(Predicate done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!done()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      thread.context().run_one_for(std::chrono::milliseconds{20});
    }
    return true;
  }

  /// Runs what is ready and what follows from it, until no byte between two sockets of this process is on its
  /// way.
  void settle() {
    const auto idle = [this] {
      while (thread.poll() > 0) {}
      return !tcp_under_way() && thread.poll() == 0;
    };
    if (!run_until(idle)) throw std::runtime_error{"what was sent does not arrive"};
  }

  /// Time goes on tick by tick, and whatever is ready runs in between.
  void pass(std::chrono::milliseconds time) {
    for (settle(); time.count() > 0; time -= net::timer_wheel::tick) {
      thread.timers().advance(
          thread.timers().now_ms() + static_cast<uint64_t>(net::timer_wheel::tick.count()));
      settle();
    }
  }
};

} // namespace roomcast::test
