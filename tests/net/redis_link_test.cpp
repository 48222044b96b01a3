#define CAF_SUITE redis_link
#include "net/redis_link.hpp"

#include "tests/net/fake_redis.hpp"
#include "tests/net/hand_polled.hpp"

#include <caf/test/dsl.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace roomcast;
using namespace roomcast::net;
using namespace std::chrono_literals;
using roomcast::test::fake_redis;

namespace {

struct recorder final : redis_link_handler {
  void enter(function_ref<void()> turn) override {
    CAF_CHECK(!within);
    within = true;
    turn();
    within = false;
    ++turns;
  }
  void on_link_up() override {
    CAF_CHECK(within);
    ++ups;
  }
  void on_link_reply(const resp_value& reply) override {
    CAF_CHECK(within);
    replies.emplace_back(reply.text());
    if (on_reply) on_reply();
  }
  void on_link_read_end() override {
    CAF_CHECK(within);
    ++read_ends;
  }
  void on_link_down(std::string_view reason) override { downs.emplace_back(reason); }

  bool within = false;
  size_t turns = 0;
  size_t ups = 0;
  size_t read_ends = 0;
  std::vector<std::string> replies;
  std::vector<std::string> downs;
  std::function<void()> on_reply;
};

struct fixture : test::hand_polled {
  fake_redis redis{thread};
  recorder seen;
  std::optional<redis_link> link;

  ~fixture() {
    link.reset();
    settle();
  }

  void dial(redis_endpoint endpoint = {}) {
    if (endpoint.host.empty()) endpoint.host = "127.0.0.1";
    endpoint.port = redis.port();
    link.emplace(thread, endpoint, "node-1", seen);
    link->start();
  }

  void dial_and_wait() {
    dial();
    CAF_REQUIRE(run_until([&] { return link->is_up(); }));
  }

  void command(std::initializer_list<std::string_view> words) { append_command(link->output(), words); }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(redis_link_tests, fixture)

CAF_TEST(the handshake leaves in one write and ends with a PONG) {
  dial({.host = "127.0.0.1", .user = "ann", .password = "secret", .database = 3});
  CAF_REQUIRE(run_until([&] { return link->is_up(); }));
  const std::vector<fake_redis::words> expected{
      {"AUTH", "ann", "secret"}, {"CLIENT", "SETNAME", "node-1"}, {"SELECT", "3"}, {"PING"}};
  CAF_CHECK_EQUAL(redis.seen, expected);
  CAF_CHECK_EQUAL(redis.read_at_once, (std::vector<size_t>{4}));
  CAF_CHECK_EQUAL(seen.ups, 1u);
  CAF_CHECK(seen.downs.empty());
}

CAF_TEST(without password and database the handshake is short) {
  dial_and_wait();
  CAF_CHECK_EQUAL(redis.seen, (std::vector<fake_redis::words>{{"CLIENT", "SETNAME", "node-1"}, {"PING"}}));
}

CAF_TEST(names are resolved) {
  dial({.host = "localhost"});
  CAF_CHECK(run_until([&] { return link->is_up(); }));
}

CAF_TEST(a name that does not exist is told and tried again) {
  dial({.host = "no-such-host.invalid"});
  CAF_REQUIRE(run_until([&] { return seen.downs.size() >= 2; }));
  CAF_CHECK(seen.downs[0].find("resolving no-such-host.invalid") == 0);
}

CAF_TEST(commands of one turn leave in one write) {
  dial_and_wait();
  redis.read_at_once.clear();
  for (int i = 0; i < 50; ++i) command({"ECHO", std::to_string(i)});
  link->flush();
  CAF_REQUIRE(run_until([&] { return seen.replies.size() == 50; }));
  CAF_CHECK_EQUAL(redis.read_at_once, (std::vector<size_t>{50}));
  CAF_CHECK_EQUAL(link->unsent_bytes(), 0u);
}

CAF_TEST(commands given while a write is under way follow it together) {
  dial_and_wait();
  redis.seen.clear();
  command({"ECHO", std::string(8'000'000, 'x')});
  link->flush();
  for (int i = 0; i < 20; ++i) {
    command({"ECHO", std::to_string(i)});
    link->flush();
  }
  CAF_REQUIRE(run_until([&] { return redis.seen.size() == 21; }));
  for (size_t i = 1; i < 21; ++i) CAF_CHECK_EQUAL(redis.seen[i][1], std::to_string(i - 1));
  CAF_REQUIRE(run_until([&] { return seen.replies.size() == 21; }));
  CAF_CHECK_EQUAL(link->unsent_bytes(), 0u);
}

CAF_TEST(replies may come in pieces and several at once) {
  dial_and_wait();
  for (char c : std::string{"$5\r\nhello\r\n+a\r\n"}) {
    redis.send("node-1", {&c, 1});
    settle();
  }
  CAF_REQUIRE(run_until([&] { return seen.replies.size() == 2; }));
  const auto turns = seen.turns;
  redis.send("node-1", "+1\r\n+2\r\n+3\r\n");
  CAF_REQUIRE(run_until([&] { return seen.replies.size() == 5; }));
  CAF_CHECK_EQUAL(seen.turns, turns + 1);
  CAF_CHECK_EQUAL(seen.replies, (std::vector<std::string>{"hello", "a", "1", "2", "3"}));
}

CAF_TEST(a large reply is taken whole) {
  dial_and_wait();
  const std::string text(3'000'000, 'y');
  // From a thread, because the fake writes until all is taken, and this one has to read.
  std::thread peer{[&] { redis.send("node-1", "$3000000\r\n" + text + "\r\n"); }};
  const bool came = run_until([&] { return !seen.replies.empty(); });
  peer.join();
  CAF_REQUIRE(came);
  CAF_CHECK(seen.replies[0] == text);
}

CAF_TEST(a wrong password is told clearly and tried again) {
  redis.scripted["AUTH"] = "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
  dial({.host = "127.0.0.1", .password = "wrong"});
  CAF_REQUIRE(run_until([&] { return seen.downs.size() >= 2; }));
  CAF_CHECK(seen.downs[0].find("WRONGPASS") == 0);
  CAF_CHECK(seen.downs[0].find("URL") != std::string::npos);
  redis.scripted.clear();
  CAF_CHECK(run_until([&] { return link->is_up(); }));
}

CAF_TEST(a missing password is told clearly) {
  redis.scripted["CLIENT"] = redis.scripted["PING"] = "-NOAUTH Authentication required.\r\n";
  dial();
  CAF_REQUIRE(run_until([&] { return !seen.downs.empty(); }));
  CAF_CHECK(seen.downs[0].find("NOAUTH Authentication required.") == 0);
  CAF_CHECK(seen.downs[0].find("URL") != std::string::npos);
}

CAF_TEST(a Redis that loads its data is not up yet) {
  redis.scripted["PING"] = "-LOADING Redis is loading the dataset in memory\r\n";
  dial();
  CAF_REQUIRE(run_until([&] { return seen.downs.size() >= 3; }));
  CAF_CHECK_EQUAL(seen.downs[0], "LOADING Redis is loading the dataset in memory");
  CAF_CHECK_EQUAL(seen.ups, 0u);
}

CAF_TEST(a user who may not set the name is welcome all the same) {
  redis.scripted["CLIENT"] = "-NOPERM this user has no permissions to run the 'client' command\r\n";
  dial_and_wait();
  CAF_CHECK(seen.downs.empty());
}

CAF_TEST(a server that speaks something else is told) {
  redis.scripted["CLIENT"] = "HTTP/1.1 400 Bad Request\r\n\r\n";
  dial();
  CAF_REQUIRE(run_until([&] { return !seen.downs.empty(); }));
  CAF_CHECK_EQUAL(seen.downs[0], "no Redis protocol: unknown type of reply");
}

CAF_TEST(a server that accepts and says nothing is given up) {
  redis.silent = true;
  dial();
  CAF_REQUIRE(run_until([&] { return redis.seen.size() == 2; }));
  pass(1200ms);
  CAF_CHECK(seen.downs.empty());
  pass(1000ms);
  CAF_CHECK_EQUAL(seen.downs, (std::vector<std::string>{"connected, but nothing answers like Redis"}));
}

CAF_TEST(nobody listening is told) {
  const auto port = redis.port();
  redis_endpoint endpoint{.host = "127.0.0.1"};
  endpoint.port = static_cast<uint16_t>(port == 1 ? 2 : 1);
  link.emplace(thread, endpoint, "node-1", seen);
  link->start();
  CAF_REQUIRE(run_until([&] { return !seen.downs.empty(); }));
  CAF_CHECK_EQUAL(seen.downs[0], "Connection refused");
}

CAF_TEST(a close in the middle of a reply loses that reply and dials again) {
  dial_and_wait();
  redis.send("node-1", "+whole\r\n$10\r\nhalf");
  settle();
  redis.close("node-1");
  CAF_REQUIRE(run_until([&] { return seen.ups == 2; }));
  CAF_CHECK_EQUAL(seen.replies, (std::vector<std::string>{"whole"}));
  CAF_CHECK_EQUAL(seen.downs, (std::vector<std::string>{"closed by Redis"}));
  CAF_CHECK_EQUAL(link->times_up(), 2u);
}

CAF_TEST(what was not sent before the link broke is never sent) {
  dial_and_wait();
  command({"ECHO", "lost"});
  redis.close("node-1");
  CAF_REQUIRE(run_until([&] { return seen.ups == 2; }));
  link->flush();
  settle();
  CAF_CHECK_EQUAL(redis.count("ECHO"), 0u);
}

CAF_TEST(a malformed reply ends the connection) {
  dial_and_wait();
  redis.send("node-1", "+good\r\n$2147483648\r\n");
  CAF_REQUIRE(run_until([&] { return !seen.downs.empty(); }));
  CAF_CHECK_EQUAL(seen.replies, (std::vector<std::string>{"good"}));
  CAF_CHECK_EQUAL(seen.downs[0], "no Redis protocol: bulk string too large");
}

CAF_TEST(pausing stops between two replies of one read) {
  dial_and_wait();
  seen.on_reply = [&] { link->pause_reading(); };
  redis.send("node-1", "+1\r\n+2\r\n+3\r\n");
  settle();
  CAF_REQUIRE(run_until([&] { return seen.replies.size() == 1; }));
  redis.send("node-1", "+4\r\n");
  settle();
  CAF_CHECK_EQUAL(seen.replies.size(), 1u);
  link->resume_reading();
  CAF_CHECK_EQUAL(seen.replies.size(), 1u);
  settle();
  CAF_CHECK_EQUAL(seen.replies.size(), 2u);
  seen.on_reply = nullptr;
  link->resume_reading();
  CAF_REQUIRE(run_until([&] { return seen.replies.size() == 4; }));
  CAF_CHECK_EQUAL(seen.replies, (std::vector<std::string>{"1", "2", "3", "4"}));
}

CAF_TEST(a paused link that breaks shakes hands and stays paused) {
  dial_and_wait();
  link->pause_reading();
  redis.close("node-1");
  CAF_REQUIRE(run_until([&] { return seen.ups == 2; }));
  redis.send("node-1", "+1\r\n");
  settle();
  CAF_CHECK(seen.replies.empty());
  link->resume_reading();
  CAF_CHECK(run_until([&] { return seen.replies.size() == 1; }));
}

CAF_TEST(redialling tells why and comes back) {
  dial_and_wait();
  link->redial("no reason");
  CAF_CHECK(!link->is_up());
  CAF_CHECK_EQUAL(seen.downs, (std::vector<std::string>{"no reason"}));
  CAF_CHECK(run_until([&] { return seen.ups == 2; }));
}

CAF_TEST(a stopped link calls nothing whatever it was doing) {
  for (auto host : {"127.0.0.1", "localhost", "no-such-host.invalid"}) {
    for (int turns = 0; turns < 6; ++turns) {
      recorder quiet;
      redis_endpoint endpoint{.host = host};
      endpoint.port = redis.port();
      auto doomed = std::make_unique<redis_link>(thread, endpoint, "doomed", quiet);
      doomed->start();
      for (int i = 0; i < turns; ++i) thread.context().run_one_for(5ms);
      const auto before = quiet.turns;
      doomed->stop();
      settle();
      CAF_CHECK_EQUAL(quiet.turns, before);
      doomed.reset();
    }
  }
}

CAF_TEST(stopping from within a reply ends the read) {
  dial_and_wait();
  seen.on_reply = [&] { link->stop(); };
  redis.send("node-1", "+1\r\n+2\r\n");
  CAF_REQUIRE(run_until([&] { return !seen.replies.empty(); }));
  settle();
  CAF_CHECK_EQUAL(seen.replies.size(), 1u);
  CAF_CHECK(seen.downs.empty());
}

CAF_TEST_FIXTURE_SCOPE_END()
