#define CAF_SUITE redis_sentinel
#include "net/redis_sentinel.hpp"

#include "tests/net/fake_redis.hpp"
#include "tests/net/hand_polled.hpp"
#include "tests/net/link_recorder.hpp"

#include <caf/test/dsl.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace roomcast;
using namespace roomcast::net;
using namespace std::chrono_literals;
using roomcast::test::fake_redis;

namespace {

using texts = std::vector<std::string>;

const std::string role_master = "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n";
const std::string role_replica = "*5\r\n$5\r\nslave\r\n$9\r\n127.0.0.1\r\n:1\r\n$9\r\nconnected\r\n:0\r\n";

std::string address_reply(const std::string& host, const std::string& port) {
  std::string out;
  append_command(out, {host, port});
  return out;
}

std::string read(std::string_view reply) {
  resp_parser parser;
  CAF_REQUIRE(parser.parse(reply) == resp_parser::status::complete);
  const auto found = read_master_address(parser.value());
  return found ? found->name() : "error: " + found.failure();
}

/// Two sentinels, a master, and a server that takes its place.
struct fixture : test::hand_polled {
  fake_redis first{thread};
  fake_redis second{thread};
  fake_redis master{thread};
  fake_redis heir{thread};
  test::link_recorder seen;
  std::optional<redis_link> link;

  fixture() {
    name(master);
    master.scripted["ROLE"] = heir.scripted["ROLE"] = role_master;
  }
  ~fixture() {
    link.reset();
    settle();
  }

  void name(const fake_redis& which) {
    first.scripted["SENTINEL"] = second.scripted["SENTINEL"] =
        address_reply("127.0.0.1", std::to_string(which.port()));
  }
  redis_endpoint endpoint() const {
    redis_endpoint out;
    out.sentinels = {{"127.0.0.1", first.port()}, {"127.0.0.1", second.port()}};
    out.master_name = "mymaster";
    return out;
  }
  void dial(const redis_endpoint& to) {
    link.emplace(thread, to, "node-1", seen);
    link->start();
  }
  bool comes_up(size_t times) {
    return run_until([&] { return seen.ups == times; });
  }
  bool goes_down(size_t times) {
    return run_until([&] { return seen.downs.size() >= times; });
  }
};

} // namespace

// -- without a socket ----------------------------------------------------------

CAF_TEST(who answered comes first next time and the others keep their order) {
  sentinel_order order{{{"a", 1}, {"b", 2}, {"c", 3}}};
  order.answered(2);
  order.answered(0);
  CAF_CHECK_EQUAL(order.at(0).host, "c");
  CAF_CHECK_EQUAL(order.at(1).host, "a");
  CAF_CHECK_EQUAL(order.at(2).host, "b");
}

CAF_TEST(an answer is an address or an error) {
  CAF_CHECK_EQUAL(read(address_reply("10.0.0.7", "6379")), "10.0.0.7:6379");
  CAF_CHECK_EQUAL(read(address_reply("::1", "1")), "[::1]:1");
  CAF_CHECK_EQUAL(read("*-1\r\n"), "error: does not know this master");
  CAF_CHECK_EQUAL(read("-NOAUTH Authentication required.\r\n"), "error: NOAUTH Authentication required.");
  for (auto odd :
       {"+OK\r\n", ":1\r\n", "*0\r\n", "*1\r\n$1\r\na\r\n", "*2\r\n$1\r\na\r\n$1\r\n0\r\n",
        "*2\r\n$0\r\n\r\n$1\r\n1\r\n", "*2\r\n$1\r\na\r\n$5\r\n65536\r\n", "*2\r\n$1\r\na\r\n*0\r\n",
        "*3\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\n1\r\n"})
    CAF_CHECK_EQUAL(read(odd), "error: does not answer like a sentinel");
}

// -- a link --------------------------------------------------------------------

CAF_TEST_FIXTURE_SCOPE(by_sentinel, fixture)

CAF_TEST(the first sentinel is asked and the master has to be one) {
  auto to = endpoint();
  to.user = "ann";
  to.password = "secret";
  to.database = 2;
  dial(to);
  CAF_REQUIRE(comes_up(1));
  CAF_CHECK_EQUAL(
      first.seen, (std::vector<fake_redis::words>{{"SENTINEL", "get-master-addr-by-name", "mymaster"}}));
  CAF_CHECK(second.seen.empty());
  const std::vector<fake_redis::words> expected{
      {"AUTH", "ann", "secret"}, {"CLIENT", "SETNAME", "node-1"}, {"SELECT", "2"}, {"ROLE"}, {"PING"}};
  CAF_CHECK_EQUAL(master.seen, expected);
  CAF_CHECK(seen.downs.empty());
}

CAF_TEST(a sentinel that is away or ignorant is passed over and comes later next time) {
  first.scripted["SENTINEL"] = "*-1\r\n";
  dial(endpoint());
  CAF_REQUIRE(comes_up(1));
  CAF_CHECK_EQUAL(first.count("SENTINEL"), 1u);
  CAF_CHECK_EQUAL(second.count("SENTINEL"), 1u);
  link->redial("test");
  CAF_REQUIRE(comes_up(2));
  CAF_CHECK_EQUAL(first.count("SENTINEL"), 1u);
  CAF_CHECK_EQUAL(second.count("SENTINEL"), 2u);
}

CAF_TEST(a sentinel that says nothing is passed over in the end) {
  first.silent = true;
  dial(endpoint());
  CAF_REQUIRE(run_until([&] { return first.count("SENTINEL") == 1; }));
  pass(1200ms);
  CAF_CHECK_EQUAL(second.accepted, 0u);
  pass(1s);
  CAF_CHECK(comes_up(1));
}

CAF_TEST(an answer may come in pieces) {
  first.scripted["SENTINEL"] = "";
  dial(endpoint());
  CAF_REQUIRE(run_until([&] { return first.count("SENTINEL") == 1; }));
  for (char c : address_reply("127.0.0.1", std::to_string(master.port()))) {
    first.send("", {&c, 1}); // it has no name with a sentinel
    settle();
  }
  CAF_CHECK(comes_up(1));
}

CAF_TEST(when no sentinel knows every one is named with its reason) {
  first.scripted["SENTINEL"] = "*-1\r\n";
  second.scripted["SENTINEL"] = "HTTP/1.1 400 Bad Request\r\n\r\n";
  dial(endpoint());
  CAF_REQUIRE(goes_down(2));
  CAF_CHECK_EQUAL(
      seen.downs[0], "no sentinel tells where mymaster is: 127.0.0.1:" + std::to_string(first.port())
                         + ": does not know this master; 127.0.0.1:" + std::to_string(second.port())
                         + ": does not answer like a sentinel");
  CAF_CHECK_EQUAL(seen.ups, 0u);
  name(master);
  CAF_CHECK(comes_up(1));
}

CAF_TEST(a sentinel that closes is passed over) {
  first.scripted["SENTINEL"] = "";
  dial(endpoint());
  CAF_REQUIRE(run_until([&] { return first.count("SENTINEL") == 1; }));
  first.close_all();
  CAF_CHECK(comes_up(1));
  CAF_CHECK_EQUAL(second.count("SENTINEL"), 1u);
}

CAF_TEST(a master that is none is told and Sentinel is asked again) {
  master.scripted["ROLE"] = role_replica;
  dial(endpoint());
  CAF_REQUIRE(goes_down(2));
  CAF_CHECK_EQUAL(
      seen.downs[0],
      "master 127.0.0.1:" + std::to_string(master.port()) + ": is no master, its role is slave");
  CAF_CHECK_EQUAL(seen.ups, 0u);
  name(heir);
  CAF_REQUIRE(comes_up(1));
  CAF_CHECK_EQUAL(heir.count("PING"), 1u);
}

CAF_TEST(a link that breaks goes where Sentinel says then) {
  dial(endpoint());
  CAF_REQUIRE(comes_up(1));
  name(heir);
  master.close_all();
  CAF_REQUIRE(comes_up(2));
  CAF_CHECK_EQUAL(heir.accepted, 1u);
  CAF_CHECK_EQUAL(
      seen.downs, (texts{"master 127.0.0.1:" + std::to_string(master.port()) + ": closed by Redis"}));
}

CAF_TEST(a stopped link calls nothing whatever it was doing) {
  for (int turns = 0; turns < 12; ++turns) {
    test::link_recorder quiet;
    auto doomed = std::make_unique<redis_link>(thread, endpoint(), "doomed", quiet);
    doomed->start();
    for (int i = 0; i < turns; ++i) thread.context().run_one_for(5ms);
    const auto before = quiet.ups;
    doomed->stop();
    settle();
    CAF_CHECK_EQUAL(quiet.ups, before);
    CAF_CHECK(quiet.downs.empty());
    doomed.reset();
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
