#define CAF_SUITE http_connection
#include "net/http_connection.hpp"

#include "core/limits.hpp"

#include "tests/net/loopback.hpp"

#include <caf/test/dsl.hpp>

#include <future>
#include <optional>

using namespace roomcast;
using namespace roomcast::net;
using namespace roomcast::net::loopback;
using namespace std::chrono_literals;

CAF_TEST(a connection serves one request after the other) {
  node n;
  client c{n};
  constexpr std::string_view digit = "012";
  for (size_t i = 0; i < 3; ++i) {
    c.send(get(std::string{"/a?b="} + digit[i]));
    auto answer = c.response();
    CAF_CHECK(starts(answer, "HTTP/1.1 200 OK\r\n"));
    CAF_CHECK(answer.ends_with(std::string{"\r\n\r\nGET /a b="} + digit[i]));
    CAF_CHECK(!contains(answer, "Connection: close"));
  }
  CAF_CHECK_EQUAL(n.counters().accepted.load(), 1u);
  CAF_CHECK_EQUAL(n.counters().open.load(), 1u);
  c.close();
  CAF_CHECK(n.until([&] { return n.counters().open == 0; }));
}

CAF_TEST(pipelined requests are answered in order) {
  node n;
  client c{n};
  std::string all;
  auto path = [](size_t i) { return std::string{"/n"}.append(std::to_string(i)); };
  for (size_t i = 0; i < 50; ++i) all += get(path(i));
  c.send(all);
  for (size_t i = 0; i < 50; ++i) CAF_CHECK(c.response().ends_with(' ' + path(i) + ' '));
}

CAF_TEST(an answer that takes its time holds the ones behind it) {
  node n;
  client c{n};
  c.send(get("/hold") + get("/b"));
  CAF_REQUIRE(n.until([&] { return n.handler.held.size() == 1; }));
  n.settle();
  CAF_CHECK_EQUAL(n.handler.seen.size(), 1u);
  n.handler.held[0]({.body = "first"});
  CAF_CHECK(c.response().ends_with("first"));
  CAF_CHECK(c.response().ends_with("GET /b "));
}

CAF_TEST(a request may come byte by byte) {
  node n;
  client c{n};
  std::string text = "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody";
  for (char byte : text) {
    CAF_CHECK(n.handler.seen.empty());
    c.send({&byte, 1});
    n.settle();
  }
  CAF_CHECK(c.response().ends_with("POST /p "));
}

CAF_TEST(HEAD is answered without a body and close means close) {
  node n;
  client c{n};
  c.send("HEAD /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  CAF_CHECK(c.ended());
  CAF_CHECK(contains(c.rest(), "Content-Length: 8\r\n"));
  CAF_CHECK(contains(c.rest(), "Connection: close\r\n"));
  CAF_CHECK(c.rest().ends_with("\r\n\r\n"));
  c.close();
  CAF_CHECK(n.until([&] { return n.counters().open == 0; }));
}

CAF_TEST(a client that expects 100 gets it and then its answer) {
  node n;
  client c{n};
  c.send("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  CAF_CHECK_EQUAL(c.response(), "HTTP/1.1 100 Continue\r\n\r\n");
  c.send("body");
  CAF_CHECK(starts(c.response(), "HTTP/1.1 200"));
}

CAF_TEST(what breaks the rules is answered and closed and counted) {
  node n;
  std::string big_header = "GET / HTTP/1.1\r\nHost: h\r\nCookie: " + std::string(9'000, 'c') + "\r\n\r\n";
  std::string big_body =
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 65537\r\n\r\n" + std::string(65'537, 'b');
  std::vector<std::pair<std::string, std::string>> cases{
      {"nonsense\r\n\r\n", "HTTP/1.1 400"},
      {"\x16\x03\x01 a TLS greeting", "HTTP/1.1 400"},
      {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400"},
      {big_header, "HTTP/1.1 431"},
      {big_body, "HTTP/1.1 413"},
      {"GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n\r\n", "HTTP/1.1 400"}};
  for (const auto& [text, expected] : cases) {
    client c{n};
    c.send(text);
    CAF_CHECK(c.ended());
    CAF_CHECK(starts(c.rest(), expected));
    CAF_CHECK(contains(c.rest(), "Connection: close\r\n"));
  }
  CAF_CHECK_EQUAL(n.counters().bad_handshakes.load(), cases.size());
  CAF_CHECK(n.handler.seen.empty());
  CAF_CHECK(n.until([&] { return n.counters().open == 0; }));
}

CAF_TEST(a client that trickles its request is timed out) {
  node n;
  client c{n};
  c.send("GET / HT");
  n.pass(limits::handshake_timeout - 1s);
  c.send("TP/1.1\r\n");
  n.pass(1s + 250ms);
  CAF_CHECK(c.ended());
  CAF_CHECK(starts(c.rest(), "HTTP/1.1 408"));
  CAF_CHECK_EQUAL(n.counters().bad_handshakes.load(), 1u);
}

CAF_TEST(a client that says nothing is timed out in silence) {
  node n;
  client c{n};
  CAF_REQUIRE(n.until([&] { return n.counters().open == 1; }));
  n.pass(limits::handshake_timeout + 250ms);
  CAF_CHECK(c.ended());
  CAF_CHECK_EQUAL(c.rest(), "");
  CAF_CHECK_EQUAL(n.counters().bad_handshakes.load(), 1u);
  CAF_CHECK_EQUAL(n.counters().open.load(), 0u);
}

CAF_TEST(a kept connection may rest a while and is closed in peace) {
  node n;
  client c{n};
  c.send(get("/"));
  c.response();
  n.pass(limits::http_idle_timeout - 1s);
  c.send(get("/"));
  CAF_CHECK(starts(c.response(), "HTTP/1.1 200"));
  n.pass(limits::http_idle_timeout + 250ms);
  CAF_CHECK(c.ended());
  CAF_CHECK_EQUAL(n.counters().bad_handshakes.load(), 0u);
}

CAF_TEST(a second request has its own deadline) {
  node n;
  client c{n};
  c.send(get("/"));
  c.response();
  c.send("GET");
  n.pass(limits::handshake_timeout + 250ms);
  CAF_CHECK(c.ended());
  CAF_CHECK(starts(c.rest(), "HTTP/1.1 408"));
}

CAF_TEST(an answer that nobody reads is given up) {
  node n;
  client c{n};
  c.send(get("/large"));
  CAF_REQUIRE(n.until([&] { return n.handler.seen.size() == 1; }));
  n.settle();
  n.pass(limits::http_idle_timeout + 250ms);
  CAF_CHECK_EQUAL(n.counters().open.load(), 0u);
}

CAF_TEST(an answer larger than the socket buffer arrives whole) {
  node n;
  client c{n};
  c.send(get("/large") + get("/b"));
  CAF_CHECK(c.response().size() > 8'000'000);
  CAF_CHECK(c.response().ends_with("GET /b "));
}

CAF_TEST(a request that is dropped yields 500) {
  node n;
  client c{n};
  c.send(get("/drop"));
  CAF_CHECK(starts(c.response(), "HTTP/1.1 500"));
}

CAF_TEST(a responder works once and after its connection is gone and after the server) {
  std::optional<node> n{std::in_place};
  client c{*n};
  c.send(get("/hold"));
  CAF_REQUIRE(n->until([&] { return n->handler.held.size() == 1; }));
  auto respond = n->handler.held[0];
  respond({.body = "one"});
  respond({.body = "two"});
  CAF_CHECK(c.response().ends_with("one"));
  c.send(get("/hold"));
  CAF_REQUIRE(n->until([&] { return n->handler.held.size() == 2; }));
  n->handler.held[1]({.status = 700}); // nonsense, but no accident
  CAF_CHECK(starts(c.response(), "HTTP/1.1 700"));
  c.send(get("/hold"));
  CAF_REQUIRE(n->until([&] { return n->handler.held.size() == 3; }));
  auto late = std::move(n->handler.held[2]);
  n->served.reset();
  late({.body = "too late"});
  n->settle();
  CAF_CHECK(c.ended());
  CAF_CHECK_EQUAL(c.rest(), "");
}

CAF_TEST(a responder may answer from another thread) {
  node n;
  client c{n};
  c.send(get("/hold"));
  CAF_REQUIRE(n.until([&] { return n.handler.held.size() == 1; }));
  std::async(std::launch::async, [&] { n.handler.held[0]({.body = "afar"}); }).wait();
  CAF_CHECK(c.response().ends_with("afar"));
}
