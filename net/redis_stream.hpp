#pragma once

#include "net/redis_endpoint.hpp"
#include "net/timer_wheel.hpp"
#include "net/tls_client.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace roomcast::net {

class io_thread;

/// One byte stream to a Redis or a sentinel, plain or TLS: resolves, connects to one address after the other,
/// shakes hands for TLS; each of these has limits::redis_step_timeout, resolving
/// limits::redis_resolve_timeout. I/O thread.
class redis_stream final : public std::enable_shared_from_this<redis_stream>, private timer_wheel::timer {
public:
  using error_code = boost::system::error_code;

  /// To `to`, by TLS if `how` says so and trusting as it says.
  redis_stream(io_thread& where, redis_address to, const redis_endpoint& how);

  /// Calls `done` once, later: with "", or with the reason, for people. Not after close().
  void open(std::function<void(const std::string& problem)> done);
  /// At once and without farewell. What is pending fails, later.
  void close();

  /// As of a socket, once it is open; one read and one write at a time.
  template <class Handler> void read_some(std::span<char> room, Handler done) {
    if (!tls_) return socket_.async_read_some(boost::asio::buffer(room.data(), room.size()), std::move(done));
    tls_->read_some(room, keeping_this(std::move(done)));
  }
  template <class Handler> void write_some(std::string_view bytes, Handler done) {
    if (!tls_)
      return socket_.async_write_some(boost::asio::buffer(bytes.data(), bytes.size()), std::move(done));
    tls_->write_some(bytes, keeping_this(std::move(done)));
  }

private:
  enum class step : uint8_t { resolving, connecting, securing, open, closed };
  using resolver =
      boost::asio::ip::basic_resolver<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

  /// TLS must outlive its operations, a plain socket need not.
  template <class Handler> auto keeping_this(Handler done) {
    return [self = shared_from_this(), done = std::move(done)](error_code failed, size_t bytes) {
      done(failed, bytes);
    };
  }

  void on_timer() override;
  void begin(step next);
  void connect_next();
  void on_connected(error_code failed);
  void secure();
  void finish(const std::string& problem);

  io_thread& where_;
  const redis_address to_;
  const bool with_tls_;
  const tls_client::trust trust_;
  std::function<void(const std::string&)> done_;
  step step_ = step::closed;
  resolver resolver_;
  tls_client::socket socket_;
  std::unique_ptr<tls_client> tls_; // over socket_
  std::vector<boost::asio::ip::tcp::endpoint> addresses_;
  size_t next_address_ = 0;
  std::string connect_problem_;
};

} // namespace roomcast::net
