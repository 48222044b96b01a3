#include "net/listener.hpp"

#include "core/limits.hpp"
#include "core/log.hpp"
#include "net/http_render.hpp"
#include "net/io_thread.hpp"
#include "net/server_state.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace roomcast::net {

namespace {

using boost::asio::ip::tcp;

/// accept(2) reports what went wrong with that one connection too: the next one may be fine.
bool is_about_one_connection(int error) noexcept {
  switch (error) {
  case EINTR:
  case ECONNABORTED:
  case EPROTO:
  case EPERM:
  case ENOPROTOOPT:
  case EOPNOTSUPP:
  case ENETDOWN:
  case ENETUNREACH:
  case EHOSTDOWN:
  case EHOSTUNREACH:
  case ENONET: return true;
  default: return false;
  }
}

std::string refusal(std::string_view sentence) {
  return render_response(busy_response(sentence), false, false);
}

/// One nonblocking send, and one read of what has come already: closing with unread bytes would send a reset
/// behind the answer.
void say_no(int socket, const std::string& text) noexcept {
  std::array<char, 4'096> dropped;
  (void)!::send(socket, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  ::shutdown(socket, SHUT_WR);
  (void)!::recv(socket, dropped.data(), dropped.size(), MSG_DONTWAIT);
}

} // namespace

listener::listener(
    io_thread& where, listen_socket socket, size_t max_connections, server_state& state, deal hand_on) :
    acceptor_(where.context().get_executor(), socket.is_v6 ? tcp::v6() : tcp::v4(), socket.fd.release()),
    pause_(where.context().get_executor()),
    max_connections_(max_connections),
    state_(state),
    counters_(state.counters),
    hand_on_(std::move(hand_on)) {}

void listener::start() {
  if (acceptor_.is_open()) wait();
}

void listener::stop() {
  if (!acceptor_.is_open()) return;
  for (int left = limits::listen_backlog; left > 0 && accept_some() == outcome::taken;)
    left -= static_cast<int>(limits::accept_batch);
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
  counters_.accepting.store(false);
}

void listener::wait() {
  acceptor_.async_wait(acceptor_.wait_read, [self = shared_from_this()](boost::system::error_code failed) {
    if (!failed) self->on_ready();
  });
}

void listener::rest() {
  pause_.expires_after(limits::accept_pause);
  pause_.async_wait([self = shared_from_this()](boost::system::error_code failed) {
    if (!failed) self->on_ready();
  });
}

void listener::on_ready() {
  if (!acceptor_.is_open()) return;
  if (accept_some() == outcome::exhausted)
    rest();
  else
    wait();
}

/// At most one batch. `taken`: there may be more.
listener::outcome listener::accept_some() {
  std::vector<accepted_socket> batch;
  auto last = outcome::taken;
  for (size_t i = 0; i < limits::accept_batch && last == outcome::taken; ++i) last = accept_one(batch);
  if (!batch.empty()) hand_on_(std::move(batch));
  return last;
}

listener::outcome listener::accept_one(std::vector<accepted_socket>& batch) {
  tcp::endpoint peer;
  auto size = static_cast<socklen_t>(peer.capacity());
  unique_fd fd{::accept4(acceptor_.native_handle(), peer.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC)};
  if (!fd) return on_accept_error(errno);
  counters_.accepted.fetch_add(1, std::memory_order_relaxed);
  peer.resize(size);
  accepted_socket socket{std::move(fd), peer};
  if (admit(socket)) batch.push_back(std::move(socket));
  return outcome::taken;
}

listener::outcome listener::on_accept_error(int error) {
  if (error == EAGAIN || error == EWOULDBLOCK) return outcome::empty;
  counters_.accept_errors.fetch_add(1, std::memory_order_relaxed);
  if (is_about_one_connection(error)) return outcome::taken;
  warn(error); // EMFILE, ENFILE, ENOBUFS, ENOMEM; anything unknown must not spin either
  return outcome::exhausted;
}

void listener::warn(int error) {
  auto now = std::chrono::steady_clock::now();
  if (now < next_warning_) return;
  next_warning_ = now + std::chrono::seconds{1};
  log::warning(
      "accept_paused",
      {{"reason", std::strerror(error)}, {"open", counters_.open.load(std::memory_order_relaxed)}});
}

/// Counts the socket, unless there are too many: then it is answered, and false.
bool listener::admit(accepted_socket& socket) {
  static const std::string full = refusal("this node has all the connections it may have, try again");
  static const std::string greedy = refusal("this address has all the connections it may have, try again");
  const auto most = state_.options.max_connections_per_address;
  const auto open = counters_.open.load(std::memory_order_relaxed);
  if (open >= max_connections_ + limits::probe_reserve) {
    counters_.refused.fetch_add(1, std::memory_order_relaxed);
    say_no(socket.fd.get(), full);
    return false;
  }
  if (open >= max_connections_) socket.admitted = admission::over_node;
  if (most > 0) {
    const auto of_address = state_.addresses.enter(socket.peer.address(), most + limits::probe_reserve);
    if (of_address == 0) {
      counters_.refused_by_address.fetch_add(1, std::memory_order_relaxed);
      say_no(socket.fd.get(), greedy);
      return false;
    }
    if (of_address > most) socket.admitted = admission::over_address;
  }
  counters_.open.fetch_add(1, std::memory_order_relaxed);
  return true;
}

} // namespace roomcast::net
