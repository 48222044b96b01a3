#define CAF_SUITE redis_bus
#include "tests/net/redis_bus_fixture.hpp"

#include <algorithm>

// -- readiness ---------------------------------------------------------------

CAF_TEST_FIXTURE_SCOPE(starting, undialled)

CAF_TEST(both links prove a round trip without waiting for the first second) {
  dial(redis.port());
  CAF_CHECK_EQUAL(bus->stats().state, "connecting");
  CAF_REQUIRE(become_ready()); // the wheel's time never moved
  CAF_CHECK_EQUAL(bus->stats().state, "up");
  CAF_CHECK(run_until([&] { return bus->stats().round_trip_us >= 0; }));
  CAF_CHECK_EQUAL(redis.subscriptions(), (std::set<std::string>{"probe:n"}));
  CAF_CHECK_EQUAL(bus->stats().subscriptions_wanted, 0u);
  CAF_CHECK_EQUAL(bus->stats().subscriptions_confirmed, 0u);
}

CAF_TEST(a probe channel that is not confirmed keeps the bus from being ready) {
  redis.scripted["SUBSCRIBE"] = "";
  dial(redis.port());
  CAF_REQUIRE(run_until([&] { return redis.count("SUBSCRIBE") == 1; }));
  pass(3s);
  CAF_CHECK(!seen.ready);
}

CAF_TEST(a refused probe channel is asked for again every second) {
  redis.scripted["SUBSCRIBE"] = "-NOPERM this user has no permissions\r\n";
  dial(redis.port());
  CAF_REQUIRE(run_until([&] { return redis.count("SUBSCRIBE") == 1; }));
  pass(1s);
  CAF_CHECK(!seen.ready);
  CAF_CHECK_EQUAL(bus->stats().state, "down");
  redis.scripted.clear();
  pass(3s);
  CAF_CHECK(run_until([&] { return seen.ready; }));
}

CAF_TEST(a probe channel whose confirmation got lost is asked for on a new link) {
  redis.scripted["SUBSCRIBE"] = "";
  dial(redis.port());
  CAF_REQUIRE(run_until([&] { return redis.count("SUBSCRIBE") == 1; }));
  redis.scripted.clear();
  pass(limits::redis_step_timeout + 500ms);
  CAF_CHECK(become_ready());
  CAF_CHECK_EQUAL(redis.accepted, 3u);
}

CAF_TEST(a bus that never came up refuses and comes up when Redis does) {
  const auto port = redis.port();
  redis.scripted["PING"] = "-LOADING Redis is loading the dataset in memory\r\n";
  dial(port);
  CAF_REQUIRE(run_until([&] { return redis.count("PING") >= 4; }));
  publish("early", 1);
  bus->command({"GET", "x"}, 2);
  CAF_CHECK_EQUAL(seen.outcomes, (outcomes{{1, refused}}));
  CAF_CHECK_EQUAL(seen.replies, (std::vector<std::string>{"2 nothing"}));
  CAF_CHECK_EQUAL(bus->stats().state, "down");
  redis.scripted.clear();
  CAF_CHECK(become_ready());
}

CAF_TEST(subscriptions wanted before the start are made) {
  redis_endpoint endpoint{.host = "127.0.0.1"};
  endpoint.port = redis.port();
  bus = redis_bus::make(thread, endpoint, "n", "probe:n");
  bus->subscribe("lobby", &lobby);
  bus->start(seen);
  CAF_CHECK(run_until([&] { return lobby.confirmed == 1; }));
}

CAF_TEST(a bus stopped at any moment calls nothing more) {
  for (int turns = 0; turns < 12; ++turns) {
    recorder quiet;
    redis_endpoint endpoint{.host = turns % 2 ? "127.0.0.1" : "localhost"};
    endpoint.port = redis.port();
    auto doomed = redis_bus::make(thread, endpoint, "n", "probe:n");
    doomed->start(quiet);
    for (int i = 0; i < turns; ++i) thread.context().run_one_for(5ms);
    doomed->publish("lobby", "x", 1);
    doomed->flush();
    const auto reported = quiet.outcomes.size();
    const auto ready = quiet.ready;
    if (turns % 3) doomed->stop();
    doomed.reset();
    pass(2s);
    CAF_CHECK_EQUAL(quiet.outcomes.size(), reported);
    CAF_CHECK_EQUAL(quiet.ready, ready);
  }
}

CAF_TEST_FIXTURE_SCOPE_END()

CAF_TEST_FIXTURE_SCOPE(against_a_scripted_server, scripted)

CAF_TEST(an idle bus sends one PING and one probe per second) {
  pass(10s);
  CAF_CHECK(redis.count("PING") >= 9);
  CAF_CHECK(redis.count("PING") <= 11);
  CAF_CHECK_EQUAL(redis.count("PUBLISH"), redis.count("PING"));
  CAF_CHECK_EQUAL(redis.seen.size(), redis.count("PING") * 2);
  CAF_CHECK(seen.ready);
}

CAF_TEST(a silent command link is not ready after two seconds and dialled again after ten) {
  redis.silent = true;
  pass(1500ms);
  CAF_CHECK(seen.ready);
  pass(1500ms);
  CAF_CHECK(!seen.ready);
  CAF_CHECK_EQUAL(seen.reasons.back(), "command link silent for 2 s");
  publish("stale", 1);
  CAF_CHECK_EQUAL(seen.outcomes, (outcomes{{1, refused}}));
  const auto before = redis.accepted;
  pass(6s);
  CAF_CHECK_EQUAL(redis.accepted, before);
  pass(3s);
  CAF_REQUIRE(run_until([&] { return redis.accepted > before; }));
  redis.silent = false;
  CAF_CHECK(become_ready_as_time_goes_by()); // the handshake may have been met with silence
  CAF_CHECK(bus->stats().reconnects > 0);
}

CAF_TEST(a subscriber link that hears nothing of what Redis takes is found out) {
  // As with a replaced primary: publishing works, and nothing comes back on the old connection.
  redis.scripted["PUBLISH"] = ":0\r\n";
  pass(3s);
  CAF_CHECK(!seen.ready);
  CAF_CHECK_EQUAL(seen.reasons.back(), "subscriber link silent for 2 s");
  publish("still taken", 1);
  settle();
  CAF_CHECK_EQUAL(seen.outcomes, (outcomes{{1, taken}}));
  const auto before = redis.accepted;
  pass(9s);
  redis.scripted.clear();
  CAF_REQUIRE(run_until([&] { return redis.accepted == before + 1; }));
  CAF_CHECK(become_ready_as_time_goes_by()); // the probe on the new link may have been lost, too
  CAF_CHECK_EQUAL(bus->stats().reconnects, 1u);
}

CAF_TEST(a refused channel is asked for again every second) {
  redis.scripted["SUBSCRIBE"] = "-ERR not now\r\n";
  const auto before = redis.accepted;
  bus->subscribe("lobby", &lobby);
  bus->subscribe("kitchen", &kitchen);
  bus->flush();
  pass(3s);
  CAF_CHECK(redis.count("SUBSCRIBE") >= 3);
  CAF_CHECK(redis.count("SUBSCRIBE") <= 10); // each by itself
  CAF_CHECK(seen.ready);
  CAF_CHECK_EQUAL(bus->stats().subscriptions_confirmed, 0u);
  redis.scripted.clear();
  pass(1100ms);
  CAF_CHECK_EQUAL(lobby.confirmed, 1u);
  CAF_CHECK_EQUAL(kitchen.confirmed, 1u);
  CAF_CHECK_EQUAL(bus->stats().subscriptions_confirmed, 2u);
  CAF_CHECK_EQUAL(redis.accepted, before);
}

CAF_TEST(a channel whose confirmation got lost is subscribed on a new link) {
  redis.scripted["SUBSCRIBE"] = "";
  const auto before = redis.accepted;
  bus->subscribe("lobby", &lobby);
  bus->flush();
  pass(5s);
  redis.scripted.clear();
  CAF_CHECK_EQUAL(redis.accepted, before);
  CAF_CHECK(seen.ready); // probes come back
  pass(limits::silent_redial - 5s);
  CAF_REQUIRE(run_until([&] {
    pass(timer_wheel::tick);
    return lobby.confirmed == 1;
  }));
  CAF_CHECK_EQUAL(redis.accepted, before + 1);
  const auto& told = seen.reasons;
  CAF_CHECK(std::find(told.begin(), told.end(), "no answer to SUBSCRIBE") != told.end());
  CAF_CHECK(become_ready_as_time_goes_by());
}

CAF_TEST(a pause in reading is not taken for silence) {
  CAF_REQUIRE(join_lobby());
  bus->pause_reading();
  send(fake_redis::message("lobby", "held"));
  const auto before = redis.accepted;
  pass(30s);
  CAF_CHECK(seen.ready);
  CAF_CHECK_EQUAL(redis.accepted, before);
  CAF_CHECK(lobby.messages.empty());
  bus->resume_reading();
  CAF_CHECK(run_until([&] { return !lobby.messages.empty(); }));
  pass(3s);
  CAF_CHECK(seen.ready);
}

CAF_TEST(a thread that stood still does not blame Redis) {
  thread.timers().advance(thread.timers().now_ms() + 60'000);
  settle();
  CAF_CHECK(seen.ready);
  pass(2s);
  CAF_CHECK(seen.ready);
}

// -- publishing --------------------------------------------------------------

CAF_TEST(publishes are answered in order and their commands leave in one write) {
  redis.read_at_once.clear();
  for (uint64_t i = 0; i < 100; ++i) bus->publish("lobby", "hello", i);
  bus->flush();
  CAF_REQUIRE(run_until([&] { return seen.outcomes.size() == 100; }));
  for (uint64_t i = 0; i < 100; ++i) CAF_CHECK(seen.outcomes[i] == (outcome{i, taken}));
  CAF_CHECK_EQUAL(redis.read_at_once, (std::vector<size_t>{100}));
  CAF_CHECK_EQUAL(bus->stats().published, 100u);
  CAF_CHECK_EQUAL(bus->stats().unanswered_bytes, 0u);
}

CAF_TEST(an error reply to a publish is a refusal in its place) {
  publish("a", 1);
  settle();
  redis.scripted["PUBLISH"] = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";
  publish("b", 2);
  settle();
  CAF_CHECK_EQUAL(seen.outcomes, (outcomes{{1, taken}, {2, refused}}));
  CAF_CHECK_EQUAL(bus->stats().refused, 1u);
}

CAF_TEST(any command can publish and its reply comes with the outcome) {
  redis.scripted["EVALSHA"] = "$2\r\n17\r\n";
  publish("a", 1);
  script("k", 2);
  publish("b", 3);
  CAF_REQUIRE(run_until([&] { return seen.outcomes.size() == 3; }));
  CAF_CHECK_EQUAL(seen.outcomes, (outcomes{{1, taken}, {2, taken}, {3, taken}}));
  CAF_CHECK_EQUAL(seen.said, (std::vector<std::string>{"0", "17", "0"}));
  CAF_CHECK_EQUAL(redis.seen[1], (fake_redis::words{"EVALSHA", "abc", "1", "k"}));
  redis.scripted["EVALSHA"] = "-NOSCRIPT No matching script.\r\n";
  script("k", 4);
  CAF_REQUIRE(run_until([&] { return seen.outcomes.size() == 4; }));
  CAF_CHECK_EQUAL(seen.outcomes.back(), (outcome{4, refused}));
  CAF_CHECK_EQUAL(seen.said.back(), "NOSCRIPT No matching script.");
  CAF_CHECK(seen.ready);
}

CAF_TEST(where Redis said nothing there is no reply) {
  redis.silent = true;
  script("k", 1);
  pass(2500ms);
  script("k", 2); // stale by now
  CAF_CHECK_EQUAL(seen.outcomes, (outcomes{{1, unknown}, {2, refused}}));
  CAF_CHECK_EQUAL(seen.said, (std::vector<std::string>{"nothing", "nothing"}));
}

CAF_TEST(a publish without answer is unknown after two seconds and its late answer belongs to nobody) {
  redis.silent = true;
  publish("a", 1);
  publish("b", 2);
  pass(1500ms);
  CAF_CHECK(seen.outcomes.empty());
  pass(1s);
  CAF_CHECK_EQUAL(seen.outcomes, (outcomes{{1, unknown}, {2, unknown}}));
  CAF_CHECK(bus->stats().unanswered_bytes > 0);
  redis.silent = false;
  // Everything that was asked is answered now, in order: two publishes, then PINGs and probes.
  std::string late;
  for (const auto& line : redis.seen) late += line[0] == "PING" ? fake_redis::pong(line) : ":1\r\n";
  redis.send("n", late);
  settle();
  CAF_CHECK_EQUAL(bus->stats().unanswered_bytes, 0u);
  publish("c", 3);
  settle();
  CAF_CHECK_EQUAL(seen.outcomes.back(), (outcome{3, taken}));
  CAF_CHECK_EQUAL(seen.outcomes.size(), 3u);
  CAF_CHECK_EQUAL(bus->stats().unknown, 2u);
}

CAF_TEST(publishes on a link that breaks are unknown and never repeated) {
  redis.scripted["PUBLISH"] = redis.scripted["GET"] = "";
  publish("a", 1);
  bus->command({"GET", "x"}, 2);
  bus->publish("lobby", "not even sent", 3);
  redis.close("n");
  CAF_REQUIRE(run_until([&] { return seen.outcomes.size() == 2; }));
  CAF_CHECK_EQUAL(seen.outcomes, (outcomes{{1, unknown}, {3, unknown}}));
  CAF_CHECK_EQUAL(seen.replies, (std::vector<std::string>{"2 nothing"}));
  CAF_CHECK(!seen.ready);
  CAF_CHECK_EQUAL(bus->stats().unanswered_bytes, 0u);
  redis.scripted.clear();
  redis.seen.clear();
  CAF_REQUIRE(become_ready());
  for (const auto& line : redis.seen) CAF_CHECK(line[0] != "PUBLISH" || line[1] == "probe:n");
}

CAF_TEST(too much unanswered is refused at once and taken again later) {
  redis.scripted["PUBLISH"] = "";
  const std::string big(1'000'000, 'x');
  for (uint64_t i = 0; i < 20; ++i) publish(big, i);
  CAF_REQUIRE(!seen.outcomes.empty());
  CAF_CHECK(seen.outcomes.front() == (outcome{17, refused}));
  CAF_CHECK(bus->stats().unanswered_bytes < limits::max_unanswered_bytes + 2'000'000);
  bus->command({"GET", "x"}, 7);
  CAF_CHECK_EQUAL(seen.replies, (std::vector<std::string>{"7 nothing"}));
  CAF_REQUIRE(run_until([&] { return redis.count("PUBLISH") == 17; }));
  redis.scripted.clear();
  seen.outcomes.clear();
  std::string answers;
  for (int i = 0; i < 17; ++i) answers += ":1\r\n";
  redis.send("n", answers);
  CAF_REQUIRE(run_until([&] { return seen.outcomes.size() == 17; }));
  publish("small", 99);
  CAF_REQUIRE(run_until([&] { return seen.outcomes.size() == 18; }));
  CAF_CHECK_EQUAL(seen.outcomes.back(), (outcome{99, taken}));
}

// -- a server that is no master any more ---------------------------------------

CAF_TEST(a publish that finds a replica is refused and both links are dialled again) {
  redis.scripted["EVALSHA"] = "-READONLY You can't write against a read only replica.\r\n";
  const auto before = redis.accepted;
  for (uint64_t i = 1; i <= 3; ++i) bus->publish_command(std::vector<std::string_view>{"EVALSHA", "abc"}, i);
  bus->flush();
  CAF_REQUIRE(run_until([&] { return !seen.ready; }));
  CAF_CHECK_EQUAL(
      seen.outcomes, (outcomes{{1, refused}, {2, refused}, {3, refused}})); // not one of them unknown
  CAF_CHECK(seen.said[0].starts_with("READONLY"));
  CAF_CHECK(seen.reasons.back().starts_with("READONLY"));
  CAF_REQUIRE(become_ready());
  CAF_CHECK_EQUAL(redis.accepted, before + 2);
}

CAF_TEST(a script of an old Redis that finds a replica says it in the middle) {
  redis.scripted["EVALSHA"] = "-ERR Error running script (call to f_0123): @user_script:1: @user_script: 1: "
                              "-READONLY You can't write against a read only replica. \r\n";
  const auto before = redis.accepted;
  script("k", 1);
  CAF_REQUIRE(run_until([&] { return !seen.ready; }));
  CAF_CHECK_EQUAL(seen.outcomes, (outcomes{{1, refused}}));
  CAF_REQUIRE(become_ready());
  CAF_CHECK_EQUAL(redis.accepted, before + 2);
}

CAF_TEST(a command that finds a replica says so and both links are dialled again) {
  redis.scripted["SET"] = "-READONLY You can't write against a read only replica.\r\n";
  const auto before = redis.accepted;
  bus->command({"SET", "k", "v"}, 5);
  bus->flush();
  CAF_REQUIRE(run_until([&] { return !seen.ready; }));
  CAF_CHECK_EQUAL(
      seen.replies, (std::vector<std::string>{"5 READONLY You can't write against a read only replica."}));
  CAF_REQUIRE(become_ready());
  CAF_CHECK_EQUAL(redis.accepted, before + 2);
}

CAF_TEST(a replica that stays one is not dialled without rest) {
  redis.scripted["SET"] = "-READONLY You can't write against a read only replica.\r\n";
  const auto before = redis.accepted;
  for (uint64_t i = 0; i < 20; ++i) {
    bus->command({"SET", "k", "v"}, i);
    bus->flush();
    CAF_REQUIRE(run_until([&] { return seen.replies.size() > i; }));
    CAF_REQUIRE(become_ready());
  }
  CAF_CHECK_EQUAL(redis.accepted, before + 2); // no time has passed since the first
  pass(2s);
  bus->command({"SET", "k", "v"}, 99);
  bus->flush();
  CAF_REQUIRE(run_until([&] { return !seen.ready; }));
  CAF_REQUIRE(become_ready());
  CAF_CHECK_EQUAL(redis.accepted, before + 4);
}

// -- other commands -------------------------------------------------------------

CAF_TEST(commands bring back whatever Redis says) {
  redis.scripted["GET"] = "$5\r\nvalue\r\n";
  redis.scripted["BAD"] = "-ERR unknown command\r\n";
  bus->command({"GET", "x"}, 1);
  bus->command({"BAD"}, 2);
  bus->flush();
  CAF_REQUIRE(run_until([&] { return seen.replies.size() == 2; }));
  CAF_CHECK_EQUAL(seen.replies, (std::vector<std::string>{"1 value", "2 ERR unknown command"}));
}

CAF_TEST(a command link that lost one answer is dialled again) {
  redis.scripted["GET"] = "";
  bus->command({"GET", "x"}, 1);
  bus->flush();
  CAF_REQUIRE(run_until([&] { return redis.count("GET") == 1; }));
  const auto before = redis.accepted;
  pass(2100ms); // the first PING's answer goes to GET, the second's to the first
  CAF_REQUIRE(run_until([&] { return redis.accepted == before + 1; }));
  CAF_CHECK(
      std::find(seen.reasons.begin(), seen.reasons.end(), "command link out of step") != seen.reasons.end());
  CAF_CHECK(become_ready_as_time_goes_by());
}

CAF_TEST(a command link that lost the answers to many publishes is dialled again at the next PING) {
  redis.silent = true;
  for (uint64_t i = 0; i < 100; ++i) publish("a", i);
  pass(2500ms);
  CAF_CHECK_EQUAL(seen.outcomes.size(), 100u);
  redis.silent = false;
  const auto before = redis.accepted;
  pass(1100ms);
  CAF_REQUIRE(run_until([&] { return redis.accepted == before + 1; }));
  CAF_CHECK(become_ready_as_time_goes_by());
}

CAF_TEST(a link that is down has no round trip) {
  CAF_CHECK(bus->stats().round_trip_us >= 0);
  redis.scripted["PING"] = "-LOADING Redis is loading the dataset in memory\r\n";
  redis.close("n");
  CAF_REQUIRE(run_until([&] { return !seen.ready; }));
  CAF_CHECK_EQUAL(bus->stats().round_trip_us, -1);
}

CAF_TEST(an answer that nobody asked for ends the command link) {
  redis.send("n", "+surprise\r\n");
  CAF_REQUIRE(run_until([&] { return !seen.ready; }));
  CAF_CHECK_EQUAL(seen.reasons.back(), "an answer that nobody asked for");
  CAF_CHECK(become_ready());
}

CAF_TEST_FIXTURE_SCOPE_END()
