#pragma once

#include "net/ws_session.hpp"

#include "core/limits.hpp"
#include "net/io_thread.hpp"
#include "net/server_state.hpp"
#include "net/timer_wheel.hpp"
#include "net/ws_frame.hpp"
#include "tests/net/hand_polled.hpp"

#include <caf/test/dsl.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace roomcast;
using namespace roomcast::net;
using namespace std::chrono_literals;
namespace asio = boost::asio;

// What the tests of the session share; included behind CAF_SUITE, because the peer checks by itself.

namespace {

using lines = std::vector<std::string>;

std::string number(close_code code) { return std::to_string(static_cast<unsigned>(code)); }

std::string sent(opcode op, std::string_view payload, bool final = true) {
  std::string out;
  append_client_frame(out, op, payload, {'m', 'a', 's', 'k'}, final);
  return out;
}

shared_bytes frames(std::initializer_list<std::string> texts) {
  bytes_builder out;
  for (const auto& text : texts) append_frame(out, opcode::text, text);
  return out.finish();
}

/// An owner that writes down what it is told.
struct recorder final : session_handler {
  void enter(function_ref<void()> turn) override {
    ++turns;
    inside = true;
    turn();
    inside = false;
  }
  void on_message(std::string_view text) override {
    CAF_REQUIRE(inside);
    told.emplace_back(text);
    if (then) then();
  }
  bool on_binary(std::string_view bytes) override {
    if (takes_binary) told.push_back("binary " + std::string{bytes});
    return takes_binary;
  }
  void on_bytes(size_t n) override { wire_bytes += n; }
  void on_control() override { ++controls; }
  std::string gap_text(const room_name& room, uint64_t events) override {
    return "gap " + std::string{room.view()} + " " + std::to_string(events);
  }
  void on_closed(close_code why) override {
    CAF_REQUIRE(inside);
    told.push_back("closed " + number(why));
    if (then) then();
  }

  lines told;
  std::function<void()> then;
  int turns = 0;
  bool inside = false;
  bool takes_binary = false;
  size_t wire_bytes = 0;
  size_t controls = 0;
};

/// The other end of the wire: a plain socket, read into `seen` as events of a WebSocket client.
class peer {
public:
  explicit peer(int fd) : fd_(fd) {}
  peer(const peer&) = delete;
  ~peer() { hang_up(); }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0) break;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    unsent.assign(bytes);
  }
  void send_rest() { send(std::string{std::move(unsent)}); }

  /// Reads what is there, or so much of it.
  void read(size_t most = std::string::npos) {
    if (fd_ < 0) return;
    std::string buffer(65'536, '\0');
    while (most > 0) {
      const auto n = ::recv(fd_, buffer.data(), std::min(buffer.size(), most), MSG_DONTWAIT);
      if (n < 0 && errno == EAGAIN) return;
      if (n <= 0) {
        if (ended.empty()) ended = n == 0 ? "end" : "reset";
        return;
      }
      most -= static_cast<size_t>(n);
      decode({buffer.data(), static_cast<size_t>(n)});
    }
  }

  void half_close() { ::shutdown(fd_, SHUT_WR); }
  void hang_up() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  void reset() {
    const linger at_once{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    hang_up();
  }

  lines seen;
  size_t messages = 0; // counted, not kept
  std::string ended;   // `end`, `reset` or still nothing
  std::string unsent;

private:
  void decode(std::span<char> bytes) {
    for (;;) {
      const auto event = decoder_.next(bytes);
      const std::string payload{event.payload.substr(0, 100)};
      switch (event.kind) {
      case frame_event::none: return;
      case frame_event::message:
        if (payload.size() < 100) seen.push_back(payload);
        ++messages;
        break;
      case frame_event::ping: seen.push_back("ping"); break;
      case frame_event::pong: seen.push_back("pong " + payload); break;
      case frame_event::close: seen.push_back("close " + number(event.code) + " " + payload); break;
      case frame_event::failed: seen.push_back("failed"); break;
      }
    }
  }

  int fd_;
  ws_decoder decoder_{ws_decoder::sender::server, 16'777'216};
};

struct fixture {
  fixture() {
    options.max_queue_bytes = 262'144;
    counters.open = 1;
  }
  ~fixture() {
    subject.reset();
    io.poll(); // cancelled waits come home
  }

  /// A connected pair; small kernel buffers, so that a peer that does not read is noticed soon.
  void connect(std::string_view already_read = {}) {
    using tcp = asio::ip::tcp;
    asio::basic_socket_acceptor<tcp, asio::io_context::executor_type> acceptor{
        io.context().get_executor(), tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int small = 16'384;
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    const int segment = 1'000;
    if (in_small_segments) ::setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
    const auto endpoint = acceptor.local_endpoint();
    CAF_REQUIRE_EQUAL(::connect(fd, endpoint.data(), static_cast<socklen_t>(endpoint.size())), 0);
    other.emplace(fd);
    tcp_socket socket{io.context().get_executor()};
    acceptor.accept(socket);
    socket.set_option(asio::socket_base::send_buffer_size{small});
    auto from = socket.remote_endpoint();
    if (claimed_port > 0) from.port(claimed_port);
    subject = make_ws_session(io, std::move(socket), from, already_read, state);
  }

  void open() {
    connect();
    subject->start(owner);
  }

  /// Lets both ends work until `done`; fails when it never is.
  template <class Condition> void until(Condition done) {
    for (int i = 0; i < 2'000'000 && !done(); ++i) {
      io.poll();
      other->send_rest();
      if (peer_reads) other->read();
      if (i > 100) std::this_thread::yield();
    }
    CAF_REQUIRE(done());
  }
  void until_told(lines expected) {
    until([&] { return owner.told.size() >= expected.size(); });
    CAF_CHECK_EQUAL(owner.told, expected);
  }
  void until_seen(lines expected) {
    until([&] { return other->seen.size() >= expected.size(); });
    CAF_CHECK_EQUAL(other->seen, expected);
  }

  /// Until nothing is on its way between the two any more.
  void settle() {
    until([&] { return io.poll() == 0 && !test::tcp_under_way() && io.poll() == 0; });
    if (peer_reads) other->read();
  }

  void pass(std::chrono::milliseconds time) {
    now += static_cast<uint64_t>(time.count());
    io.timers().advance(now);
    io.poll();
  }

  /// Queues until the session reports a slow consumer.
  void overflow() {
    const auto block = frames({std::string(10'000, 'a'), std::string(20'000, 'b')});
    while (counters.slow_consumers == 0) {
      subject->queue(block);
      subject->flush();
      queued_blocks++;
      CAF_REQUIRE(queued_blocks < 10'000);
    }
  }

  io_thread io{0};
  server_state state;
  server_options& options = state.options;
  server_counters& counters = state.counters;
  recorder owner;
  std::optional<peer> other;
  std::unique_ptr<session> subject;
  bool peer_reads = true;
  uint16_t claimed_port = 0; // of the peer, instead of its own
  bool in_small_segments =
      false; // as on a network: on loopback one takes 64 KiB, and the window opens in such steps
  uint64_t now = 0;
  int queued_blocks = 0;
};

} // namespace
