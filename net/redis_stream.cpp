#include "net/redis_stream.hpp"

#include "core/limits.hpp"
#include "net/io_thread.hpp"

#include <boost/asio/ip/address.hpp>

namespace roomcast::net {

namespace asio = boost::asio;
using asio::ip::tcp;

redis_stream::redis_stream(io_thread& where, redis_address to, const redis_endpoint& how) :
    where_(where),
    to_(std::move(to)),
    with_tls_(how.tls),
    trust_{to_.host, how.ca_file, how.verify_peer},
    resolver_(where.context().get_executor()),
    socket_(where.context().get_executor()) {}

void redis_stream::open(std::function<void(const std::string& problem)> done) {
  done_ = std::move(done);
  begin(step::resolving);
  error_code no_address;
  const auto address = asio::ip::make_address(to_.host, no_address);
  if (!no_address) {
    addresses_.emplace_back(address, to_.port);
    return connect_next();
  }
  resolver_.async_resolve(
      to_.host, std::to_string(to_.port),
      [self = shared_from_this()](error_code failed, const resolver::results_type& found) {
        if (self->step_ != step::resolving) return;
        if (failed) return self->finish("resolving " + self->to_.host + ": " + failed.message());
        for (const auto& entry : found) self->addresses_.push_back(entry.endpoint());
        self->connect_next();
      });
}

void redis_stream::close() {
  done_ = nullptr;
  step_ = step::closed;
  cancel();
  resolver_.cancel();
  error_code ignored;
  socket_.close(ignored);
}

void redis_stream::finish(const std::string& problem) {
  const auto done = std::exchange(done_, nullptr);
  cancel();
  step_ = step::open;
  if (!problem.empty()) close();
  done(problem);
}

void redis_stream::begin(step next) {
  step_ = next;
  const std::chrono::milliseconds limit =
      next == step::resolving ? limits::redis_resolve_timeout : limits::redis_step_timeout;
  where_.timers().set(*this, limit);
}

void redis_stream::on_timer() {
  const auto self = shared_from_this();
  if (step_ == step::resolving) return finish("resolving " + to_.host + " timed out");
  if (step_ == step::securing) return finish("the TLS handshake timed out");
  connect_problem_ = "connecting timed out";
  error_code ignored;
  socket_.close(ignored); // its handler goes on with the next address
}

// -- connecting --------------------------------------------------------------

void redis_stream::connect_next() {
  begin(step::connecting);
  connect_problem_.clear();
  socket_ = tls_client::socket{where_.context().get_executor()};
  socket_.async_connect(addresses_[next_address_++], [self = shared_from_this()](error_code failed) {
    if (self->step_ == step::connecting) self->on_connected(failed);
  });
}

void redis_stream::on_connected(error_code failed) {
  // The deadline may have closed the socket just when the connection came.
  if (failed || !socket_.is_open()) {
    if (connect_problem_.empty()) connect_problem_ = failed.message();
    if (next_address_ < addresses_.size()) return connect_next();
    return finish(std::exchange(connect_problem_, {}));
  }
  error_code ignored;
  socket_.set_option(tcp::no_delay{true}, ignored);
  socket_.set_option(asio::socket_base::keep_alive{true}, ignored);
  if (with_tls_) return secure();
  finish({});
}

void redis_stream::secure() {
  begin(step::securing);
  // Whom to trust is read for each connection, so that a mended file is seen: 21 ms for Debian's whole store.
  auto made = tls_client::make(socket_, trust_);
  if (!made) return finish(made.failure());
  tls_ = std::move(*made);
  tls_->shake_hands([self = shared_from_this()](const std::string& problem) {
    if (self->step_ == step::securing) self->finish(problem);
  });
}

} // namespace roomcast::net
