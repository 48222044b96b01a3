#define CAF_SUITE redis_bus_messages
#include "tests/net/redis_bus_fixture.hpp"

CAF_TEST_FIXTURE_SCOPE(against_a_scripted_server, scripted)

CAF_TEST(messages of one read are handed over together) {
  CAF_REQUIRE(join_lobby());
  bus->subscribe("kitchen", &kitchen);
  bus->flush();
  CAF_REQUIRE(run_until([&] { return kitchen.confirmed == 1; }));
  send(
      fake_redis::message("lobby", "1") + fake_redis::message("kitchen", "2")
      + fake_redis::message("lobby", "3"));
  CAF_REQUIRE(run_until([&] { return !seen.reads.empty(); }));
  CAF_CHECK_EQUAL(seen.reads, (std::vector<size_t>{3}));
  CAF_CHECK_EQUAL(lobby.messages, (std::vector<std::string>{"1", "3"}));
  CAF_CHECK_EQUAL(kitchen.messages, (std::vector<std::string>{"2"}));
  CAF_CHECK_EQUAL(bus->stats().received, 3u);
  CAF_CHECK_EQUAL(bus->stats().subscriptions_confirmed, 2u);
}

CAF_TEST(late messages of a channel given up and foreign ones are dropped) {
  CAF_REQUIRE(join_lobby());
  bus->unsubscribe("lobby", &kitchen);
  send(fake_redis::message("lobby", "1"));
  CAF_REQUIRE(run_until([&] { return lobby.messages.size() == 1; }));
  bus->unsubscribe("lobby", &lobby);
  send(
      fake_redis::message("lobby", "2") + fake_redis::message("attic", "3")
      + "*4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$5\r\nlobby\r\n$1\r\n4\r\n" + "*2\r\n$4\r\npong\r\n$0\r\n\r\n");
  settle();
  CAF_CHECK_EQUAL(lobby.messages, (std::vector<std::string>{"1"}));
  CAF_CHECK_EQUAL(seen.reads.size(), 1u);
  bus->flush();
  settle();
  CAF_CHECK_EQUAL(redis.subscriptions(), (std::set<std::string>{"probe:n"}));
  CAF_CHECK(seen.ready);
}

CAF_TEST(a slow confirmation is waited for) {
  redis.scripted["SUBSCRIBE"] = "";
  bus->subscribe("lobby", &lobby);
  bus->flush();
  pass(4s);
  CAF_CHECK_EQUAL(lobby.confirmed, 0u);
  CAF_CHECK(seen.ready);
  send("*3\r\n$9\r\nsubscribe\r\n$5\r\nlobby\r\n:2\r\n");
  CAF_CHECK(run_until([&] { return lobby.confirmed == 1; }));
}

CAF_TEST(a refused subscription leaves the rest alone) {
  redis.scripted["SUBSCRIBE"] = "-NOPERM this user has no permissions\r\n";
  bus->subscribe("lobby", &lobby);
  bus->flush();
  CAF_REQUIRE(run_until([&] { return redis.count("SUBSCRIBE") == 1; }));
  settle();
  redis.scripted.clear();
  bus->subscribe("kitchen", &kitchen);
  bus->flush();
  CAF_REQUIRE(run_until([&] { return kitchen.confirmed == 1; }));
  CAF_CHECK_EQUAL(lobby.confirmed, 0u);
  CAF_CHECK(seen.ready);
  CAF_CHECK(join_lobby());
}

CAF_TEST(a confirmation out of step ends the subscriber link) {
  send("*3\r\n$9\r\nsubscribe\r\n$5\r\nother\r\n:2\r\n");
  CAF_REQUIRE(run_until([&] { return !seen.ready; }));
  CAF_CHECK_EQUAL(seen.reasons.back(), "subscriber link out of step");
  CAF_CHECK(become_ready());
}

CAF_TEST(after a reconnect everything wanted is subscribed again in batches) {
  std::vector<room> rooms(1200);
  for (size_t i = 0; i < rooms.size(); ++i) bus->subscribe("room" + std::to_string(i), &rooms[i]);
  bus->flush();
  auto all_confirmed = [&](size_t times) {
    return run_until([&] {
      for (const auto& r : rooms)
        if (r.confirmed != times) return false;
      return true;
    });
  };
  CAF_REQUIRE(all_confirmed(1));
  redis.seen.clear();
  redis.close("n.sub");
  CAF_REQUIRE(all_confirmed(2));
  CAF_CHECK_EQUAL(redis.count("SUBSCRIBE"), 4u); // one of them for the probe's alone
  for (const auto& line : redis.seen) {
    if (line[0] != "SUBSCRIBE") continue;
    CAF_CHECK(line.size() <= 501);
    CAF_CHECK_EQUAL(line[1], "probe:n");
    break;
  }
  CAF_CHECK(become_ready());
  CAF_CHECK_EQUAL(bus->stats().subscriptions_confirmed, 1200u);
}

CAF_TEST(messages handed over before the link broke get their end of read) {
  CAF_REQUIRE(join_lobby());
  send(fake_redis::message("lobby", "last words") + "?");
  CAF_REQUIRE(run_until([&] { return !seen.ready; }));
  CAF_CHECK_EQUAL(lobby.messages.size(), 1u);
  CAF_CHECK_EQUAL(seen.reads, (std::vector<size_t>{1}));
}

CAF_TEST(stopping from within a message ends everything) {
  CAF_REQUIRE(join_lobby());
  seen.on_each = [&] { bus->stop(); };
  send(fake_redis::message("lobby", "1") + fake_redis::message("lobby", "2"));
  CAF_REQUIRE(run_until([&] { return !lobby.messages.empty(); }));
  settle();
  CAF_CHECK_EQUAL(lobby.messages.size(), 1u);
  publish("x", 1);
  CAF_CHECK(seen.outcomes.empty());
  CAF_CHECK(run_until([&] { return redis.links() == 0; }));
}

CAF_TEST_FIXTURE_SCOPE_END()
