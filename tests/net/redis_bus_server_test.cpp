#define CAF_SUITE redis_bus_server
#include "tests/net/redis_bus_fixture.hpp"

CAF_TEST_FIXTURE_SCOPE(against_a_real_redis, real)

CAF_TEST(a published message comes back) {
  CAF_REQUIRE(join_lobby());
  const std::string payload{"any\0bytes\r\n$5\r\n", 15};
  publish(payload, 1);
  CAF_REQUIRE(run_until([&] { return lobby.messages.size() == 1 && seen.outcomes.size() == 1; }));
  CAF_CHECK(lobby.messages[0] == payload);
  CAF_CHECK_EQUAL(seen.outcomes, (outcomes{{1, taken}}));
  bus->command({"ECHO", "hello"}, 5);
  bus->flush();
  CAF_REQUIRE(run_until([&] { return !seen.replies.empty(); }));
  CAF_CHECK_EQUAL(seen.replies[0], "5 hello");
}

CAF_TEST(many messages arrive complete and in order) {
  CAF_REQUIRE(join_lobby());
  constexpr uint64_t count = 20'000;
  for (uint64_t i = 0; i < count; ++i) {
    bus->publish("lobby", std::to_string(i), i);
    if (i % 500 == 0) bus->flush(), settle();
  }
  bus->flush();
  CAF_REQUIRE(run_until([&] { return lobby.messages.size() == count && seen.outcomes.size() == count; }));
  for (uint64_t i = 0; i < count; ++i) {
    CAF_REQUIRE_EQUAL(lobby.messages[i], std::to_string(i));
    CAF_REQUIRE(seen.outcomes[i] == (outcome{i, taken}));
  }
}

CAF_TEST(a Redis that is killed and started again is found) {
  CAF_REQUIRE(join_lobby());
  redis.kill();
  CAF_REQUIRE(run_until([&] { return !seen.ready; }));
  publish("nobody hears", 1);
  CAF_REQUIRE(run_until([&] { return seen.outcomes.size() == 1; }));
  CAF_CHECK(seen.outcomes[0].result != taken); // refused, or unknown if this link has not noticed yet
  redis.start();
  CAF_REQUIRE(become_ready());
  CAF_REQUIRE(run_until([&] { return lobby.confirmed == 2; }));
  publish("again", 2);
  CAF_CHECK(run_until([&] { return lobby.messages.size() == 1; }));
}

CAF_TEST(a killed subscriber connection comes back with its subscriptions) {
  CAF_REQUIRE(join_lobby());
  CAF_CHECK_EQUAL(redis.command({"CLIENT", "KILL", "TYPE", "pubsub"}), ":1\r\n");
  CAF_REQUIRE(run_until([&] { return lobby.confirmed == 2; }));
  CAF_REQUIRE(become_ready());
  publish("again", 1);
  CAF_CHECK(run_until([&] { return lobby.messages.size() == 1; }));
  CAF_CHECK_EQUAL(bus->stats().reconnects, 1u);
}

CAF_TEST(a frozen Redis is not ready and is again when it goes on) {
  CAF_REQUIRE(join_lobby());
  redis.freeze();
  publish("in the dark", 1);
  pass(3s);
  CAF_CHECK(!seen.ready);
  CAF_CHECK_EQUAL(seen.outcomes, (outcomes{{1, unknown}}));
  redis.thaw();
  CAF_REQUIRE(become_ready());
  // Redis did execute it: that is what unknown means.
  CAF_CHECK(run_until([&] { return lobby.messages.size() == 1; }));
  CAF_CHECK_EQUAL(seen.outcomes.size(), 1u);
}

CAF_TEST_FIXTURE_SCOPE_END()

CAF_TEST(a password protects and opens) {
  struct : bus_fixture {
    test::redis_server redis{{"--requirepass", "se@cret"}};
  } with;
  auto endpoint =
      redis_endpoint::parse("redis://:se%40cret@127.0.0.1:" + std::to_string(with.redis.port()) + "/2");
  CAF_REQUIRE(endpoint.ok());
  with.bus = redis_bus::make(with.thread, *endpoint, "n", "probe:n");
  with.bus->start(with.seen);
  CAF_CHECK(with.become_ready());
}
