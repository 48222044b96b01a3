#define CAF_SUITE redis_log_scripts
#include "actors/redis_log_scripts.hpp"

#include "net/resp.hpp"
#include "tests/support/redis_server.hpp"

#include <caf/test/dsl.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace roomcast;
using namespace roomcast::actors;
using words = std::vector<std::string>;

namespace {

const std::string first_epoch(16, '1');
const std::string second_epoch(16, '2');

/// The scripts as Redis runs them; what they answer as one line.
struct fixture {
  test::redis_server redis;

  std::string run(words command) {
    const auto answer = redis.command(command);
    net::resp_parser parser;
    CAF_REQUIRE(parser.parse(answer) == net::resp_parser::status::complete);
    const auto value = parser.value();
    if (!value.is_array()) return std::string{value.text()};
    std::string line;
    for (const auto item : value) (line += line.empty() ? "" : " ") += item.text();
    return line;
  }
  std::string run(std::string_view script, words arguments, words keys = {"m", "l"}) {
    words command{"EVAL", std::string{script}, std::to_string(keys.size())};
    command.insert(command.end(), keys.begin(), keys.end());
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run(std::move(command));
  }

  std::string publish(std::string text, std::string size = "5") {
    return run(lua::publish, {"channel", std::move(text), size, "60000", first_epoch, "120000", "300000"});
  }
  /// By a node that knows of this place.
  std::string publish_knowing(std::string epoch, std::string seq) {
    return run(
        lua::publish, {"channel", "new", "9", "60000", second_epoch, "120000", "300000", std::move(epoch),
                       std::move(seq), "0"});
  }
  /// The node's first one on this Redis.
  std::string publish_first(std::string text) {
    return run(
        lua::publish,
        {"channel", std::move(text), "9", "60000", first_epoch, "120000", "300000", "", "0", "1"});
  }
  std::string publish_once(std::string key) {
    return run(
        lua::publish, {"channel", "{}", "5", "60000", first_epoch, "120000", "300000"}, {"m", "l", key});
  }
  std::string place() { return renumber({}); }
  /// Perhaps of a room that is in a place; without the run of Redis, which is another each time.
  std::string renumber(words known) {
    words arguments{second_epoch, "120000"};
    arguments.insert(arguments.end(), known.begin(), known.end());
    const auto answer = run(lua::place, arguments);
    return answer.substr(0, answer.rfind(' '));
  }
  std::string entries(int after, int bytes = 1'000) {
    return run(lua::entries, {std::to_string(after), std::to_string(bytes)});
  }
  std::string entries_around(int after, int bytes = 1'000) {
    return run(lua::entries, {std::to_string(after), std::to_string(bytes), "1"});
  }
  std::string history(int before, int limit, int bytes = 1'000) {
    return run(lua::history, {std::to_string(before), std::to_string(limit), std::to_string(bytes)});
  }
  void publish_many(int count) {
    for (int i = 0; i < count; ++i) publish("t" + std::to_string(i + 1), "1000");
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(redis_log_scripts_tests, fixture)

CAF_TEST(publishing numbers from one in the epoch that was offered) {
  CAF_CHECK_EQUAL(publish("{}"), first_epoch + " 1 0");
  CAF_CHECK_EQUAL(publish("{}"), first_epoch + " 2 0");
  CAF_CHECK_EQUAL(place(), first_epoch + " 2");
}

CAF_TEST(the newest are kept) {
  for (int i = 1; i <= 8; ++i) publish("t" + std::to_string(i));
  CAF_CHECK_EQUAL(entries(0), first_epoch + " 8 0 4-0 t4 5-0 t5 6-0 t6 7-0 t7 8-0 t8");
}

CAF_TEST(a key publishes once) {
  CAF_CHECK_EQUAL(publish_once("k"), first_epoch + " 1 0");
  CAF_CHECK_EQUAL(publish_once("k"), first_epoch + " 1 1");
  CAF_CHECK_EQUAL(publish_once("other"), first_epoch + " 2 0");
  CAF_CHECK_EQUAL(run({"XLEN", "l"}), "2");
  const auto ttl = std::stoll(run({"PTTL", "k"}));
  CAF_CHECK(ttl > 290'000 && ttl <= 300'000);
}

CAF_TEST(the answer brings the ticket back) {
  const words arguments{"channel", "{}", "9", "60000", first_epoch, "120000", "300000", "", "0", "0", "t7"};
  CAF_CHECK_EQUAL(run(lua::publish, arguments, {"m", "l", "k"}), first_epoch + " 1 0 t7");
  CAF_CHECK_EQUAL(run(lua::publish, arguments, {"m", "l", "k"}), first_epoch + " 1 1 t7");
}

CAF_TEST(a key publishes once without a history) {
  const auto publish = [this](std::string key) {
    return run(lua::publish_once, {"channel", "{}", "300000"}, {std::move(key)});
  };
  CAF_CHECK_EQUAL(publish("k"), "1");
  CAF_CHECK_EQUAL(publish("k"), "0");
  CAF_CHECK_EQUAL(publish("other"), "1");
  const auto ttl = std::stoll(run({"PTTL", "k"}));
  CAF_CHECK(ttl > 290'000 && ttl <= 300'000);
  run({"CONFIG", "SET", "maxmemory", "1"});
  CAF_CHECK(publish("new").find("OOM") != std::string::npos);
  run({"CONFIG", "SET", "maxmemory", "0"});
  CAF_CHECK_EQUAL(publish("new"), "1");
}

CAF_TEST(everything has its time to live) {
  publish("{}");
  const auto log = std::stoll(run({"PTTL", "l"}));
  const auto meta = std::stoll(run({"PTTL", "m"}));
  CAF_CHECK(log > 50'000 && log <= 60'000);
  CAF_CHECK(meta > 110'000 && meta <= 120'000);
}

CAF_TEST(a lost meta hash is a new epoch without the old messages) {
  publish("old");
  run({"DEL", "m"});
  CAF_CHECK_EQUAL(place(), second_epoch + " 0");
  CAF_CHECK_EQUAL(entries(0), second_epoch + " 0 0");
  CAF_CHECK_EQUAL(publish("new"), second_epoch + " 1 0");
  run({"DEL", "m"});
  CAF_CHECK_EQUAL(publish("newer"), first_epoch + " 1 0");
  CAF_CHECK_EQUAL(entries(0), first_epoch + " 1 0 1-0 newer");
}

CAF_TEST(an expired log leaves the numbers) {
  publish("old");
  run({"DEL", "l"});
  CAF_CHECK_EQUAL(publish("new"), first_epoch + " 2 0");
  CAF_CHECK_EQUAL(entries(0), first_epoch + " 2 0 2-0 new");
}

CAF_TEST(a refused write leaves no hole) {
  publish("{}");
  run({"CONFIG", "SET", "maxmemory", "1"});
  CAF_CHECK(publish("{}").find("OOM") != std::string::npos);
  run({"CONFIG", "SET", "maxmemory", "0"});
  CAF_CHECK_EQUAL(place(), first_epoch + " 1");
  CAF_CHECK_EQUAL(publish("{}"), first_epoch + " 2 0");
}

CAF_TEST(a new epoch is for who saw more than there is) {
  publish_many(3);
  CAF_CHECK_EQUAL(renumber({first_epoch, "3"}), first_epoch + " 3");
  CAF_CHECK_EQUAL(renumber({second_epoch, "9"}), first_epoch + " 3");
  CAF_CHECK_EQUAL(renumber({first_epoch, "4"}), second_epoch + " 0");
  CAF_CHECK_EQUAL(renumber({first_epoch, "4"}), second_epoch + " 0"); // the second node that noticed
  CAF_CHECK_EQUAL(entries(0), second_epoch + " 0 0");
}

CAF_TEST(numbers that another run gave again are a new epoch for who has the old ones) {
  publish_many(3);
  const auto first_place = run(lua::place, {second_epoch, "120000"});
  const auto this_run = first_place.substr(first_place.rfind(' ') + 1);
  publish_first("a"); // 4: this run began behind 3
  publish("b", "9");
  CAF_CHECK_EQUAL(renumber({first_epoch, "5", this_run}), first_epoch + " 5"); // has these
  CAF_CHECK_EQUAL(renumber({first_epoch, "3", "0123"}), first_epoch + " 5");   // lacks these
  CAF_CHECK_EQUAL(renumber({first_epoch, "5", ""}), first_epoch + " 5");       // cannot say
  run({"HSET", "m", "r", "4567"});
  CAF_CHECK_EQUAL(renumber({first_epoch, "5", "0123"}), first_epoch + " 5"); // this run has given none
  run({"HSET", "m", "r", this_run});
  CAF_CHECK_EQUAL(renumber({first_epoch, "5", "0123"}), second_epoch + " 2"); // has others of these numbers
  CAF_CHECK_EQUAL(entries(0), second_epoch + " 2 0 1-0 a 2-0 b");
}

CAF_TEST(a publish that knows of more than there is begins a new epoch) {
  publish_many(3);
  CAF_CHECK_EQUAL(publish_knowing(first_epoch, "3"), first_epoch + " 4 0");
  CAF_CHECK_EQUAL(publish_knowing(second_epoch, "9"), first_epoch + " 5 0");
  CAF_CHECK_EQUAL(publish_knowing(first_epoch, "6"), second_epoch + " 1 0");
  CAF_CHECK_EQUAL(publish_knowing(first_epoch, "6"), second_epoch + " 2 0"); // it has not heard of it yet
  CAF_CHECK_EQUAL(entries(0), second_epoch + " 2 0 1-0 new 2-0 new");
}

CAF_TEST(what was taken since Redis came back with old data is kept in the new epoch) {
  publish_many(3);
  run({"HSET", "m", "r", "0123", "b", "0"}); // written by another run
  publish_first("a");
  publish("b");
  CAF_CHECK_EQUAL(renumber({first_epoch, "9"}), second_epoch + " 2");
  CAF_CHECK_EQUAL(entries(0), second_epoch + " 2 0 1-0 a 2-0 b");
  CAF_CHECK(std::stoll(run({"PTTL", "l"})) > 50'000);
}

CAF_TEST(a publish that knows more keeps what others published before it) {
  publish_many(3);
  run({"HSET", "m", "r", "0123", "b", "0"});
  publish_first("a");
  CAF_CHECK_EQUAL(publish_knowing(first_epoch, "9"), second_epoch + " 2 0");
  CAF_CHECK_EQUAL(entries(0), second_epoch + " 2 0 1-0 a 2-0 new");
}

CAF_TEST(full memory refuses a new epoch as a whole) {
  publish_many(3);
  run({"CONFIG", "SET", "maxmemory", "1"});
  CAF_CHECK(publish_knowing(first_epoch, "9").find("OOM") != std::string::npos);
  run({"CONFIG", "SET", "maxmemory", "0"});
  CAF_CHECK_EQUAL(entries(0), first_epoch + " 3 0 1-0 t1 2-0 t2 3-0 t3");
}

CAF_TEST(entries come in pages that are bounded in bytes) {
  publish_many(4);
  CAF_CHECK_EQUAL(entries(1), first_epoch + " 4 0 2-0 t2 3-0 t3 4-0 t4");
  CAF_CHECK_EQUAL(entries(0, 4), first_epoch + " 4 1 1-0 t1 2-0 t2");
  CAF_CHECK_EQUAL(entries(2, 1), first_epoch + " 4 1 3-0 t3");
  CAF_CHECK_EQUAL(entries(4), first_epoch + " 4 0");
}

CAF_TEST(entries around a number are followed by those from it on downwards) {
  publish_many(6);
  CAF_CHECK_EQUAL(entries_around(4), first_epoch + " 6 0 5-0 t5 6-0 t6 4-0 t4 3-0 t3 2-0 t2 1-0 t1");
  CAF_CHECK_EQUAL(entries_around(4, 9), first_epoch + " 6 0 5-0 t5 6-0 t6 4-0 t4 3-0 t3");
  CAF_CHECK_EQUAL(entries_around(0), first_epoch + " 6 0 1-0 t1 2-0 t2 3-0 t3 4-0 t4 5-0 t5 6-0 t6");
  CAF_CHECK_EQUAL(entries_around(2, 4), first_epoch + " 6 1 3-0 t3 4-0 t4"); // no room left
  run({"XDEL", "l", "3-0"});
  CAF_CHECK_EQUAL(entries_around(4), first_epoch + " 6 0 5-0 t5 6-0 t6 4-0 t4"); // up to the hole
  CAF_CHECK_EQUAL(entries_around(3), first_epoch + " 6 0 4-0 t4 5-0 t5 6-0 t6");
}

CAF_TEST(history is read backwards) {
  publish_many(4);
  CAF_CHECK_EQUAL(history(0, 2), first_epoch + " 4 1 4-0 t4 3-0 t3");
  CAF_CHECK_EQUAL(history(3, 2), first_epoch + " 4 0 2-0 t2 1-0 t1");
  CAF_CHECK_EQUAL(history(1, 2), first_epoch + " 4 0");
  CAF_CHECK_EQUAL(history(0, 9, 5), first_epoch + " 4 1 4-0 t4 3-0 t3");
}

CAF_TEST(long logs are read in steps) {
  publish_many(250);
  auto count = [](const std::string& line) { return std::count(line.begin(), line.end(), 't'); };
  CAF_CHECK_EQUAL(count(entries(0, 100'000)), 250);
  CAF_CHECK_EQUAL(count(entries(49, 100'000)), 201);
  CAF_CHECK_EQUAL(count(entries_around(230, 100'000)), 250);
  CAF_CHECK_EQUAL(count(entries_around(200, 100'000)), 250);
  CAF_CHECK_EQUAL(count(history(0, 1'000, 100'000)), 250);
  CAF_CHECK_EQUAL(count(history(0, 200, 100'000)), 200);
  CAF_CHECK_EQUAL(count(history(201, 100, 100'000)), 100);
}

CAF_TEST_FIXTURE_SCOPE_END()
