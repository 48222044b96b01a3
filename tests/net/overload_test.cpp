#define CAF_SUITE overload
#include "net/server_state.hpp"

#include "core/limits.hpp"
#include "tests/net/loopback.hpp"

#include <caf/test/dsl.hpp>

#include <deque>

using namespace roomcast;
using namespace roomcast::net;
using namespace roomcast::net::loopback;
using namespace std::chrono_literals;

namespace {

struct fixture {
  server_options options;

  void start() { served.emplace_back(options); }
  node& it() { return served.back(); }
  client& newcomer() { return clients.emplace_back(it()); }

  /// The status line's number of a new client's handshake; the client stays.
  std::string status(std::string_view request = handshake) {
    auto& c = newcomer();
    c.send(request);
    last = c.response();
    return last.substr(9, 3);
  }

  std::deque<node> served;
  std::deque<client> clients;
  std::string last; // response
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(overload_tests, fixture)

CAF_TEST(more connections in a second than allowed are asked to come back) {
  options.connections_per_second = 2;
  start();
  CAF_CHECK_EQUAL(status(), "101");
  CAF_CHECK_EQUAL(status(), "101");
  for (int i = 0; i < 3; ++i) {
    CAF_CHECK_EQUAL(status(), "503");
    CAF_CHECK(contains(last, "\r\nRetry-After: 1\r\n"));
    CAF_CHECK(clients.back().ended());
  }
  CAF_CHECK_EQUAL(it().counters().refused_by_rate.load(), 3u);
  CAF_CHECK_EQUAL(it().handler.sessions.size(), 2u);
  it().pass(500ms);
  CAF_CHECK_EQUAL(status(), "101");
  CAF_CHECK_EQUAL(status(), "503");
}

CAF_TEST(plain requests pass beyond the rate of connections) {
  options.connections_per_second = 1;
  start();
  for (int i = 0; i < 5; ++i) CAF_CHECK_EQUAL(status(get("/healthz")), "200");
  CAF_CHECK_EQUAL(status(), "101"); // and take nothing from it
  CAF_CHECK_EQUAL(status(), "503");
  CAF_CHECK_EQUAL(status(get("/healthz")), "200");
  CAF_CHECK_EQUAL(it().counters().refused_by_rate.load(), 1u);
}

CAF_TEST(plain requests pass beyond the bounds of connections) {
  options.max_connections = 2;
  start();
  CAF_CHECK_EQUAL(status(), "101");
  CAF_CHECK_EQUAL(status(), "101");
  CAF_CHECK_EQUAL(status(get("/healthz")), "200");
  CAF_CHECK(clients.back().ended()); // it makes room for the next one
  CAF_CHECK_EQUAL(status(), "503");
  CAF_CHECK(contains(last, "\r\nRetry-After: 1\r\n"));
  CAF_CHECK_EQUAL(it().counters().refused.load(), 1u);
  CAF_CHECK_EQUAL(it().handler.sessions.size(), 2u);
}

CAF_TEST(those who only hold a place beyond the bounds are bounded too) {
  options.max_connections = 1;
  start();
  for (size_t i = 0; i < 1 + limits::probe_reserve; ++i) newcomer();
  it().settle();
  CAF_CHECK(newcomer().ended());
  CAF_CHECK(starts(clients.back().rest(), "HTTP/1.1 503"));
  CAF_CHECK_EQUAL(it().counters().refused.load(), 1u);
}

CAF_TEST(an address that has its share of connections gets no more) {
  options.max_connections_per_address = 2;
  start();
  CAF_CHECK_EQUAL(status(), "101");
  CAF_CHECK_EQUAL(status(), "101");
  for (int i = 0; i < 2; ++i) {
    CAF_CHECK_EQUAL(status(), "503");
    CAF_CHECK(contains(last, "\r\nRetry-After: 1\r\n"));
  }
  CAF_CHECK_EQUAL(it().counters().refused_by_address.load(), 2u);
  CAF_CHECK_EQUAL(status(get("/healthz")), "200");
  CAF_CHECK_EQUAL(it().handler.sessions.size(), 2u);
}

CAF_TEST(a place is free again whichever way its connection ended) {
  options.max_connections_per_address = 1;
  start();
  CAF_CHECK_EQUAL(status(), "101"); // a session that its owner drops
  it().handler.sessions.clear();
  CAF_CHECK_EQUAL(status(), "101"); // one whose client goes
  clients.back().close();
  CAF_REQUIRE(it().until([&] { return it().handler.events.closed; }));
  CAF_CHECK_EQUAL(status(get("/a")), "200"); // HTTP
  clients.back().close();
  CAF_REQUIRE(it().until([&] { return it().counters().open == 0; }));
  CAF_CHECK_EQUAL(status(), "101");
  CAF_CHECK_EQUAL(status(), "503");
}

CAF_TEST(a node that holds too much takes no new clients) {
  options.max_output_memory = 1'048'576;
  start();
  auto& counters = const_cast<server_counters&>(it().counters()); // as if somebody's queue were long
  counters.queued_bytes = 1'048'575;
  CAF_CHECK_EQUAL(status(), "101");
  counters.queued_bytes = 1'048'576;
  CAF_CHECK_EQUAL(status(), "503");
  CAF_CHECK(contains(last, "\r\nRetry-After: 1\r\n"));
  CAF_CHECK_EQUAL(status(get("/healthz")), "200");
  CAF_CHECK_EQUAL(it().counters().refused_by_memory.load(), 1u);
  counters.queued_bytes = 0;
  CAF_CHECK_EQUAL(status(), "101");
}

CAF_TEST(for a client that does not read the kernel keeps little and the queue the rest) {
  start();
  CAF_CHECK_EQUAL(status(), "101");
  auto& slow = *it().handler.sessions.front();
  size_t sent = 0;
  while (slow.queued_bytes() < 500'000) {
    slow.queue_text(std::string(10'000, 'x'));
    sent += 10'000;
    slow.flush();
    it().settle();
    CAF_REQUIRE(sent < 100'000'000);
  }
  // Less than the mark unsent and one segment more, the rest in the peer's receive buffer: some 250 KB.
  // Without the mark a send buffer grows to 4 MB.
  CAF_CHECK_LESS(sent - slow.queued_bytes(), 4u * limits::max_unsent_bytes);
}

CAF_TEST(above the limit of memory the bound of a queue sinks to nothing) {
  server_state state;
  state.options.max_queue_bytes = 1'000;
  state.counters.queued_bytes = 1'000'000'000;
  CAF_CHECK_EQUAL(state.queue_bound(), 1'000u); // no limit
  state.options.max_output_memory = 80'000;
  state.counters.queued_bytes = 79'999;
  CAF_CHECK_EQUAL(state.queue_bound(), 1'000u);
  state.counters.queued_bytes = 80'000;
  CAF_CHECK_EQUAL(state.queue_bound(), 1'000u);
  state.counters.queued_bytes = 85'000;
  CAF_CHECK_EQUAL(state.queue_bound(), 500u);
  state.counters.queued_bytes = 90'000;
  CAF_CHECK_EQUAL(state.queue_bound(), 0u);
  state.counters.queued_bytes = 1'000'000'000;
  CAF_CHECK_EQUAL(state.queue_bound(), 0u);
}

CAF_TEST_FIXTURE_SCOPE_END()
