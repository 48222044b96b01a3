#define CAF_SUITE redis_tls
#include "tests/net/link_recorder.hpp"
#include "tests/net/redis_bus_fixture.hpp"
#include "tests/support/certificates.hpp"

#include <optional>

namespace {

/// For 127.0.0.1, made once.
const test::certificates& ours() {
  static const test::certificates all{"IP:127.0.0.1"};
  return all;
}

std::vector<std::string> with_tls(const test::certificates& by) {
  return {"--tls-port", test::redis_server::second, "--tls-cert-file", by.certificate(),     "--tls-key-file",
          by.key(),     "--tls-ca-cert-file",       by.authority(),    "--tls-auth-clients", "no"};
}

struct secure : bus_fixture {
  test::redis_server redis{with_tls(ours())};

  redis_endpoint endpoint(std::string host = "127.0.0.1") const {
    redis_endpoint out{.host = std::move(host)};
    out.port = redis.second_port();
    out.tls = true;
    out.ca_file = ours().authority();
    return out;
  }
  void dial_tls() {
    bus = redis_bus::make(thread, endpoint(), "n", "probe:n");
    bus->start(seen);
    CAF_REQUIRE(become_ready());
  }
};

struct secure_link : secure {
  test::link_recorder heard;
  std::optional<redis_link> link;

  ~secure_link() {
    link.reset();
    settle();
  }
  void dial(redis_endpoint to) {
    link.emplace(thread, std::move(to), "n", heard);
    link->start();
  }
  /// The reason of the first failure.
  std::string failure(redis_endpoint to) {
    dial(std::move(to));
    CAF_REQUIRE(run_until([&] { return !heard.downs.empty(); }));
    CAF_CHECK_EQUAL(heard.ups, 0u);
    return heard.downs[0];
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(a_bus, secure)

CAF_TEST(messages of any size go out and come back) {
  dial_tls();
  CAF_REQUIRE(join_lobby());
  const std::string large(3'000'000, 'x'); // many records of TLS
  publish("small", 1);
  publish(large, 2);
  publish("last", 3);
  CAF_REQUIRE(run_until([&] { return lobby.messages.size() == 3 && seen.outcomes.size() == 3; }));
  CAF_CHECK_EQUAL(seen.outcomes, (outcomes{{1, taken}, {2, taken}, {3, taken}}));
  CAF_CHECK_EQUAL(lobby.messages[0], "small");
  CAF_CHECK(lobby.messages[1] == large);
  CAF_CHECK_EQUAL(lobby.messages[2], "last");
}

CAF_TEST(many messages arrive complete and in order) {
  dial_tls();
  CAF_REQUIRE(join_lobby());
  constexpr uint64_t count = 5'000;
  for (uint64_t i = 0; i < count; ++i) bus->publish("lobby", std::to_string(i), i);
  bus->flush();
  CAF_REQUIRE(run_until([&] { return lobby.messages.size() == count && seen.outcomes.size() == count; }));
  for (uint64_t i = 0; i < count; ++i) CAF_REQUIRE_EQUAL(lobby.messages[i], std::to_string(i));
}

CAF_TEST(what was decrypted before a pause comes after it) {
  dial_tls();
  CAF_REQUIRE(join_lobby());
  seen.on_each = [&] {
    if (lobby.messages.size() == 10) bus->pause_reading();
  };
  constexpr uint64_t count = 2'000; // a few records, more than one read
  for (uint64_t i = 0; i < count; ++i) bus->publish("lobby", std::to_string(i), i);
  bus->flush();
  CAF_REQUIRE(run_until([&] { return lobby.messages.size() == 10 && seen.outcomes.size() == count; }));
  settle();
  CAF_CHECK_EQUAL(lobby.messages.size(), 10u);
  bus->resume_reading();
  CAF_REQUIRE(run_until([&] { return lobby.messages.size() == count; })); // nothing else arrives to wake it
  for (uint64_t i = 0; i < count; ++i) CAF_REQUIRE_EQUAL(lobby.messages[i], std::to_string(i));
}

CAF_TEST(a server that is killed and comes back is found) {
  dial_tls();
  CAF_REQUIRE(join_lobby());
  redis.kill();
  CAF_REQUIRE(run_until([&] { return !seen.ready; }));
  CAF_CHECK(seen.reasons.back() == "closed by Redis" || seen.reasons.back() == "Connection reset by peer");
  redis.start();
  CAF_REQUIRE(become_ready());
  CAF_REQUIRE(run_until([&] { return lobby.confirmed == 2; }));
  publish("again", 2);
  CAF_CHECK(run_until([&] { return lobby.messages.size() == 1; }));
}

CAF_TEST(a bus stopped at any moment calls nothing more) {
  for (int turns = 0; turns < 40; turns += 2) {
    recorder quiet;
    auto doomed = redis_bus::make(thread, endpoint(), "n", "probe:n");
    doomed->start(quiet);
    for (int i = 0; i < turns; ++i) thread.context().run_one_for(5ms);
    doomed->publish("lobby", std::string(100'000, 'x'), 1);
    doomed->flush();
    const auto reported = quiet.outcomes.size();
    const auto ready = quiet.ready;
    doomed.reset();
    settle();
    CAF_CHECK_EQUAL(quiet.outcomes.size(), reported);
    CAF_CHECK_EQUAL(quiet.ready, ready);
  }
}

CAF_TEST_FIXTURE_SCOPE_END()

CAF_TEST_FIXTURE_SCOPE(a_link, secure_link)

CAF_TEST(a certificate of a stranger is refused with the reason) {
  const test::certificates stranger{"IP:127.0.0.1"};
  auto to = endpoint();
  to.ca_file = stranger.authority();
  CAF_CHECK(failure(to).starts_with("certificate verify failed: "));
}

CAF_TEST(a certificate for another name is refused with the reason) {
  CAF_CHECK_EQUAL(failure(endpoint("localhost")), "certificate verify failed: hostname mismatch");
}

CAF_TEST(without verification everybody is believed) {
  auto to = endpoint("localhost");
  to.ca_file = "/nowhere";
  to.verify_peer = false;
  dial(to);
  CAF_CHECK(run_until([&] { return heard.ups == 1; }));
  CAF_CHECK(heard.downs.empty());
}

CAF_TEST(a file of certificates that is not there is told) {
  auto to = endpoint();
  to.ca_file = "/nowhere/ca.pem";
  CAF_CHECK(failure(to).starts_with("cannot read the trusted certificates of the file /nowhere/ca.pem: "));
}

CAF_TEST(a server that wants a certificate of ours is told) {
  CAF_CHECK(redis.command({"CONFIG", "SET", "tls-auth-clients", "yes"}).starts_with("+OK"));
  CAF_CHECK(failure(endpoint()).find("certificate required") != std::string::npos);
}

CAF_TEST(a server without TLS is told) {
  fake_redis plain{thread};
  auto to = endpoint();
  to.port = plain.port();
  dial(to);
  CAF_REQUIRE(run_until([&] { return plain.accepted == 1; }));
  plain.send("", "-ERR Protocol error\r\n");
  CAF_REQUIRE(run_until([&] { return !heard.downs.empty(); }));
  CAF_CHECK_EQUAL(
      heard.downs[0], "TLS handshake: wrong version number (SSL routines); does that port speak TLS?");
}

CAF_TEST(a server that says nothing is given up) {
  fake_redis silent{thread};
  auto to = endpoint();
  to.port = silent.port();
  dial(to);
  CAF_REQUIRE(run_until([&] { return silent.accepted == 1; }));
  pass(1200ms);
  CAF_CHECK(heard.downs.empty());
  pass(1s);
  CAF_CHECK_EQUAL(heard.downs, (std::vector<std::string>{"the TLS handshake timed out"}));
}

CAF_TEST_FIXTURE_SCOPE_END()
