#include "bench/load/accept_key.hpp"
#include "bench/load/clock.hpp"
#include "bench/load/worker.hpp"

#include <cerrno>
#include <cstring>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace roomcast::bench {
namespace {

std::string system_error(const char* call) { return std::string{call} + ": " + std::strerror(errno); }

/// With the port left open, so that the kernel may use it towards several nodes.
bool bind_source(int fd, uint32_t offset) {
  const int on = 1;
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  sockaddr_in from{};
  from.sin_family = AF_INET;
  from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + offset);
  return bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0;
}

} // namespace

// -- coming --------------------------------------------------------------------

void worker::start(client& c) {
  c.since_ns = now_ns();
  c.state = client_state::connecting;
  c.got_close = c.waits_to_write = c.in_message = false;
  c.answers = 0;
  c.output_sent = 0;
  ++in_flight_;
  if (!open_socket(c)) return;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP;
  event.data.ptr = &c;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, c.fd, &event);
}

bool worker::open_socket(client& c) {
  auto give_up = [&](const char* call) {
    failed(c, system_error(call));
    return false;
  };
  c.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (c.fd < 0) return give_up("socket");
  const int on = 1;
  setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (c.part == role::stalled && options_.stalled_receive_buffer > 0)
    setsockopt(c.fd, SOL_SOCKET, SO_RCVBUF, &options_.stalled_receive_buffer, sizeof(int));
  if (options_.sources > 1 && !bind_source(c.fd, c.id % options_.sources)) return give_up("bind");
  const auto& to = plan_.node_of(c.id).address;
  if (connect(c.fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) < 0 && errno != EINPROGRESS)
    return give_up("connect");
  return true;
}

void worker::on_connected(client& c) {
  int problem = 0;
  socklen_t size = sizeof problem;
  getsockopt(c.fd, SOL_SOCKET, SO_ERROR, &problem, &size);
  if (problem != 0) return failed(c, std::string{"connect: "} + std::strerror(problem));
  std::string nonce;
  for (int i = 0; i < 4; ++i) {
    const auto part = random();
    nonce.append(reinterpret_cast<const char*>(&part), sizeof part);
  }
  const auto key = base64(nonce);
  c.accept = accept_key(key);
  c.state = client_state::upgrading;
  c.output = "GET " + options_.path + " HTTP/1.1\r\nHost: " + plan_.node_of(c.id).text
             + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " + key
             + "\r\nSec-WebSocket-Version: 13\r\n\r\n";
  watch(c);
  touch(c);
}

void worker::log_in(client& c) {
  c.state = client_state::login;
  if (!dialect_.login.empty()) send_frame(c, opcode::text, dialect_.login);
  if (dialect_.login_answer.empty()) join(c);
}

void worker::join(client& c) {
  c.state = client_state::joining;
  for (uint32_t slot = 0; slot < options_.joins; ++slot) {
    const auto request = expand(dialect_.join, plan_.room_name(plan_.room_of(c.id, slot)), "");
    send_frame(c, opcode::text, replaced(request, "%I", std::to_string(c.request++)));
  }
  if (dialect_.join_answer.empty()) return send_frame(c, opcode::ping, "joined?");
  if (options_.joins == 0) became_live(c);
}

void worker::became_live(client& c) {
  c.state = client_state::live;
  --in_flight_;
  if (c.returning) return counts.churned.add();
  counts.joined.add();
  counts.settled.add();
  last_join_ns = now_ns();
  connect_latency.add(last_join_ns - c.since_ns);
}

// -- going ---------------------------------------------------------------------

/// Ends a connection that did not become live, or a churner that cannot leave.
void worker::failed(client& c, const std::string& why) {
  note(c, why);
  if (c.state < client_state::live) --in_flight_;
  drop(c);
  c.returning = c.returning || phase_ >= phase::run;
  if (c.returning) return counts.churn_errors.add();
  counts.connect_errors.add();
  counts.settled.add();
}

void worker::lost(client& c, const std::string& why) {
  switch (c.state) {
  case client_state::dead: return;
  case client_state::live: return lost_in_use(c, why);
  case client_state::closing:
    if (phase_ == phase::close) {
      if (c.got_close) counts.closed_cleanly.add();
      counts.closing.subtract();
    } else if (!c.got_close) {
      counts.churn_errors.add();
    }
    c.returning = true;
    return drop(c);
  default: return failed(c, why);
  }
}

void worker::lost_in_use(client& c, const std::string& why) {
  if (c.part == role::stalled && phase_ >= phase::run) {
    counts.stalled_closed.add();
    if (stalled_are_deaf(phase_)) counts.stalled_closed_at.set(now_ns());
  } else {
    counts.disconnects.add();
    note(c, why);
  }
  c.returning = true;
  drop(c);
}

void worker::drop(client& c) {
  if (c.fd >= 0) ::close(c.fd);
  c.fd = -1;
  c.state = client_state::dead;
  c.output.clear();
  c.input.clear();
  c.message.clear();
}

void worker::note(const client& c, const std::string& why) {
  if (first_error.empty()) first_error = "connection " + std::to_string(c.id) + ": " + why;
}

// -- output --------------------------------------------------------------------

void worker::watch(client& c) {
  const bool ears = !(c.part == role::stalled && stalled_are_deaf(run_.now.load(std::memory_order_relaxed)));
  const bool hands = c.waits_to_write || c.state == client_state::connecting;
  epoll_event event{};
  event.events = EPOLLRDHUP | (ears ? uint32_t{EPOLLIN} : 0u) | (hands ? uint32_t{EPOLLOUT} : 0u);
  event.data.ptr = &c;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, c.fd, &event);
}

void worker::send_frame(client& c, opcode op, std::string_view body) {
  append_frame(c.output, op, body, random());
  touch(c);
}

void worker::touch(client& c) {
  if (c.dirty) return;
  c.dirty = true;
  dirty_.push_back(&c);
}

void worker::flush(client& c) {
  c.dirty = false;
  if (c.fd < 0 || c.state == client_state::connecting) return;
  while (c.output_sent < c.output.size()) {
    const auto n = send(c.fd, c.output.data() + c.output_sent, c.output.size() - c.output_sent, MSG_NOSIGNAL);
    if (n > 0) {
      c.output_sent += static_cast<size_t>(n);
    } else if (errno == EAGAIN) {
      if (c.waits_to_write) return;
      c.waits_to_write = true;
      return watch(c);
    } else if (errno != EINTR) {
      return lost(c, system_error("send"));
    }
  }
  c.output.clear();
  c.output_sent = 0;
  if (!c.waits_to_write) return;
  c.waits_to_write = false;
  watch(c);
}

void worker::flush_all() {
  for (size_t i = 0; i < dirty_.size(); ++i) flush(*dirty_[i]);
  dirty_.clear();
}

/// Xorshift: masks and nonces need no secrecy here.
uint32_t worker::random() noexcept {
  random_state_ ^= random_state_ << 13;
  random_state_ ^= random_state_ >> 7;
  random_state_ ^= random_state_ << 17;
  return static_cast<uint32_t>(random_state_ >> 16);
}

} // namespace roomcast::bench
