#pragma once

#include "net/listen_socket.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace roomcast::net {

class io_thread;
struct server_counters;
struct server_state;

/// Whether a socket is within the bounds of the node and of its address. Beyond them a few are let in all the
/// same, to ask by plain HTTP: whoever asks /healthz has to hear that the node is alive.
enum class admission : uint8_t { regular, over_node, over_address };

/// A socket fresh from accept(2), nonblocking.
struct accepted_socket {
  unique_fd fd;
  boost::asio::ip::tcp::endpoint peer;
  admission admitted = admission::regular;
};

/// Accepts in batches and hands them on. Over `max_connections` open sockets, or over those that one address
/// may have, limits::probe_reserve more are let in for plain HTTP, and the next one gets 503 unread. Out of
/// descriptors or memory it rests limits::accept_pause and goes on. Runs on one I/O thread.
class listener : public std::enable_shared_from_this<listener> {
public:
  using deal = std::function<void(std::vector<accepted_socket>)>;

  /// `state` outlives what `hand_on` holds alive.
  listener(io_thread& where, listen_socket socket, size_t max_connections, server_state& state, deal hand_on);

  /// Begins to accept.
  void start();
  /// Takes what waits in the backlog (so that it gets an answer), then closes the socket.
  void stop();

private:
  enum class outcome : uint8_t { taken, empty, exhausted };

  void wait();
  void rest();
  void on_ready();
  outcome accept_some();
  outcome accept_one(std::vector<accepted_socket>& batch);
  outcome on_accept_error(int error);
  bool admit(accepted_socket& socket);
  void warn(int error);

  boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, boost::asio::io_context::executor_type> acceptor_;
  boost::asio::basic_waitable_timer<
      std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>,
      boost::asio::io_context::executor_type>
      pause_;
  const size_t max_connections_;
  server_state& state_;
  server_counters& counters_;
  deal hand_on_;
  std::chrono::steady_clock::time_point next_warning_{};
};

} // namespace roomcast::net
