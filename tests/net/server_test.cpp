#define CAF_SUITE server
#include "net/server.hpp"

#include "core/limits.hpp"
#include "net/http_client.hpp"
#include "net/listen_socket.hpp"

#include "tests/net/loopback.hpp"

#include <caf/test/dsl.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <fcntl.h>
#include <sys/resource.h>

using namespace roomcast;
using namespace roomcast::net;
using namespace roomcast::net::loopback;
using namespace std::chrono_literals;

namespace {

/// A text frame of a client, masked with zeros.
std::string frame(const std::string& text) {
  return "\x81" + std::string(1, static_cast<char>(0x80 | text.size())) + std::string(4, '\0') + text;
}

} // namespace

CAF_TEST(a handshake is answered and its session opened) {
  node n;
  client c{n};
  auto text = std::string{handshake};
  text.insert(text.size() - 2, "Sec-WebSocket-Protocol: roomcast.v1, other\r\n");
  c.send(text);
  auto answer = c.response();
  CAF_CHECK(
      starts(answer, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"));
  CAF_CHECK(contains(answer, std::string{accept_field} + "\r\n"));
  CAF_CHECK(contains(answer, "Sec-WebSocket-Protocol: roomcast.v1\r\n"));
  CAF_REQUIRE_EQUAL(n.handler.sessions.size(), 1u);
  CAF_CHECK_EQUAL(n.counters().open.load(), 1u);
  n.handler.sessions.clear();
  CAF_CHECK_EQUAL(n.counters().open.load(), 0u);
}

CAF_TEST(a handshake cut anywhere works and frames in the same packet arrive) {
  auto text = std::string{handshake} + frame("hello") + frame("again");
  for (size_t at = 1; at <= text.size(); ++at) {
    node n;
    client c{n};
    c.send(text.substr(0, at));
    n.settle();
    c.send(text.substr(at));
    CAF_CHECK(starts(c.response(), "HTTP/1.1 101"));
    CAF_REQUIRE(n.until([&] { return n.handler.events.messages.size() == 2; }));
    CAF_CHECK_EQUAL(n.handler.events.messages[0], "hello");
    CAF_CHECK_EQUAL(n.handler.events.messages[1], "again");
  }
}

CAF_TEST(a handshake the node refuses gets its answer and a close) {
  node n;
  client c{n};
  auto text = std::string{handshake};
  c.send(text.replace(text.find("/ws"), 3, "/no"));
  CAF_CHECK(c.ended());
  CAF_CHECK(starts(c.rest(), "HTTP/1.1 404"));
  CAF_CHECK(n.handler.sessions.empty());
}

CAF_TEST(an upgraded connection is free of the deadlines of HTTP) {
  node n;
  client c{n};
  c.send(handshake);
  CAF_CHECK(starts(c.response(), "HTTP/1.1 101"));
  n.pass(limits::http_idle_timeout + 1s);
  CAF_CHECK(!n.handler.events.closed);
  CAF_CHECK_EQUAL(n.counters().open.load(), 1u);
}

CAF_TEST(the client of Beast is understood) {
  namespace beast = boost::beast;
  recorder handler;
  io_thread io{0};
  auto served = std::move(*server::open({.host = "127.0.0.1", .port = 0}, {&io}, handler));
  served->start();
  io.start();
  {
    boost::asio::io_context context;
    beast::websocket::stream<boost::asio::ip::tcp::socket> ws{context};
    ws.next_layer().connect({boost::asio::ip::address_v4::loopback(), served->port()});
    ws.handshake("localhost", "/ws");
    ws.write(boost::asio::buffer("hi there", 8));
    ws.ping("x");
    ws.close(beast::websocket::close_code::normal);
    beast::flat_buffer buffer;
    beast::error_code ended;
    while (!ended) ws.read(buffer, ended);
    CAF_CHECK(
        ended == beast::websocket::error::closed || ended == boost::asio::error::eof
        || ended == boost::asio::error::operation_aborted);
  }
  io.stop();
  CAF_REQUIRE_EQUAL(handler.events.messages.size(), 1u);
  CAF_CHECK_EQUAL(handler.events.messages[0], "hi there");
}

CAF_TEST(over the bound a client gets 503 and the others go on) {
  node n{{.max_connections = 2}};
  client first{n};
  client second{n};
  CAF_REQUIRE(n.until([&] { return n.counters().open == 2; }));
  client third{n};
  third.send(handshake);
  CAF_CHECK(third.ended());
  CAF_CHECK(starts(third.rest(), "HTTP/1.1 503 Service Unavailable\r\n"));
  CAF_CHECK(contains(third.rest(), "Retry-After: 1\r\n"));
  CAF_CHECK_EQUAL(n.counters().refused.load(), 1u);
  third.close();
  CAF_REQUIRE(n.until([&] { return n.counters().open == 2; }));
  first.close();
  CAF_REQUIRE(n.until([&] { return n.counters().open == 1; }));
  client fourth{n};
  fourth.send(get("/"));
  CAF_CHECK(starts(fourth.response(), "HTTP/1.1 200"));
}

CAF_TEST(without file descriptors accepting rests and goes on) {
  node n;
  client waiting{n}; // the kernel accepts it into the backlog
  CAF_REQUIRE(n.until([&] { return n.counters().open == 1; }));
  client second{n};
  CAF_REQUIRE(second.connected);
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  rlimit tight = before;
  tight.rlim_cur =
      static_cast<rlim_t>(unique_fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)}.get()); // next free
  ::setrlimit(RLIMIT_NOFILE, &tight);
  bool failed = n.until([&] { return n.counters().accept_errors > 0; });
  auto open_then = n.counters().open.load();
  ::setrlimit(RLIMIT_NOFILE, &before);
  CAF_CHECK(failed);
  CAF_CHECK_EQUAL(open_then, 1u);
  CAF_CHECK(n.until([&] { return n.counters().open == 2; }));
  second.send(get("/"));
  CAF_CHECK(starts(second.response(), "HTTP/1.1 200"));
}

CAF_TEST(a port in use and other failures are told clearly) {
  node n;
  auto port = n.served->port();
  auto failure = [&](const std::string& host, uint16_t number) {
    auto opened = open_listen_socket(host, number);
    return opened ? std::string{} : opened.failure();
  };
  CAF_CHECK_EQUAL(
      failure("127.0.0.1", port),
      "port " + std::to_string(port) + " is already in use on 127.0.0.1 (another program listens there)");
  CAF_CHECK(contains(failure("no.such.host.invalid", 0), "unknown host"));
  CAF_CHECK(contains(failure("192.0.2.1", 0), "no interface of this machine has that address"));
  server_options options{.host = "127.0.0.1", .port = port};
  auto second = server::open(options, {&n.io}, n.handler);
  CAF_CHECK(!second);
}

CAF_TEST(the default address takes clients of IPv4) {
  io_thread io{0};
  recorder handler;
  auto opened = server::open({.host = "::", .port = 0}, {&io}, handler);
  CAF_REQUIRE(opened.ok());
  (*opened)->start();
  io.start();
  auto url = url_of((*opened)->port(), "/x");
  auto answer = http_get(url, 10s);
  CAF_REQUIRE(answer.ok());
  CAF_CHECK_EQUAL(answer->body, "GET /x ");
  opened->reset();
}

CAF_TEST(stop accepting closes what is idle and lets the rest finish) {
  node n;
  client idle{n};
  client busy{n};
  client socket{n};
  idle.send(get("/"));
  idle.response();
  busy.send(get("/hold"));
  socket.send(handshake);
  socket.response();
  CAF_REQUIRE(n.until([&] { return n.handler.held.size() == 1; }));
  auto port = n.served->port();
  n.served->stop_accepting();
  n.settle();
  CAF_CHECK(idle.ended());
  CAF_CHECK(open_listen_socket("127.0.0.1", port).ok()); // the port is free
  n.handler.held[0]({.body = "done"});
  CAF_CHECK(busy.ended());
  CAF_CHECK(contains(busy.rest(), "Connection: close\r\n"));
  CAF_CHECK(busy.rest().ends_with("done"));
  socket.send(frame("still here"));
  CAF_CHECK(n.until([&] { return !n.handler.events.messages.empty(); }));
}

CAF_TEST(clients in the backlog get an answer when accepting stops) {
  node n;
  n.settle();
  client late{n};
  n.served->stop_accepting();
  n.settle();
  late.send(get("/"));
  CAF_CHECK(starts(late.response(), "HTTP/1.1 200"));
}

CAF_TEST(a client that never asks does not hold up a stop) {
  node n;
  client silent{n};
  CAF_REQUIRE(n.until([&] { return n.counters().open == 1; }));
  n.served->stop_accepting();
  n.pass(limits::http_linger + 250ms);
  CAF_CHECK_EQUAL(n.counters().open.load(), 0u);
  CAF_CHECK_EQUAL(n.counters().bad_handshakes.load(), 0u);
}

CAF_TEST(sessions go on after the server is gone) {
  node n;
  client c{n};
  client idle{n};
  c.send(handshake);
  c.response();
  n.served.reset();
  n.settle();
  CAF_CHECK(idle.ended());
  c.send(frame("still here"));
  CAF_CHECK(n.until([&] { return !n.handler.events.messages.empty(); }));
}

CAF_TEST(sockets are dealt to the threads in turn and the server may end in the middle) {
  std::array<io_thread, 2> io{io_thread{0}, io_thread{1}};
  struct by_thread final : server_handler {
    void on_request(io_thread& where, http_request, http_responder respond) override {
      CAF_CHECK(where.is_current());
      respond({.body = std::to_string(where.index())});
    }
    result<upgrade_accept, http_response> on_upgrade(const http_request&) override { return http_response{}; }
    void on_open(io_thread&, std::unique_ptr<session>, const http_request&) override {}
  } handler;
  auto served = std::move(*server::open({.host = "127.0.0.1", .port = 0}, {&io[0], &io[1]}, handler));
  served->start();
  for (auto& thread : io) thread.start();
  auto url = url_of(served->port(), "/");
  std::string seen;
  for (int i = 0; i < 4; ++i) {
    auto answer = http_get(url, 10s);
    seen += answer ? answer->body : answer.failure();
  }
  CAF_CHECK_EQUAL(seen, "0101");
  served.reset();
  CAF_CHECK(!http_get(url, 10s));
}
