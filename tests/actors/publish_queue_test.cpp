#define CAF_SUITE publish_queue
#include "actors/publish_queue.hpp"

#include "core/limits.hpp"
#include "tests/actors/fake_redis_bus.hpp"
#include "tests/actors/probes.hpp"

using namespace roomcast;
using namespace roomcast::actors;
using net::publish_result;

namespace {

constexpr auto noscript = "-NOSCRIPT No matching script. Please use EVAL.\r\n";

/// Rooms below `h:` have a history.
room_rules rules_with_history() {
  room_options kept{1s};
  kept.history = {100, 1h};
  return room_rules{room_options{1s}, {{"h:", kept}}};
}

struct fixture : actor_fixture, net::redis_bus_handler {
  std::shared_ptr<far_redis> redis = std::make_shared<far_redis>();
  fake_redis_bus bus{redis};
  script_runner scripts{bus};
  redis_log log{bus, scripts, "p:"};
  channel_naming naming = channel_naming::make("p:", "{prefix}ch:{%}");
  room_rules rules = rules_with_history();
  boot_id boot{"b00t"};
  publish_queue queue{bus, log, naming, rules, boot};
  member_probe ann{*this, 1};
  member_probe bob{*this, 2};

  fixture() { bus.start(*this); }
  ~fixture() override {
    queue.release();
    end_all();
  }

  void enter(net::function_ref<void()> turn) override { turn(); }
  void on_ready(bool, std::string_view) override {}
  void on_subscribed(void*) override {}
  void on_message(void*, std::string_view) override {}
  void on_read_end() override {}
  void on_published(uint64_t cookie, publish_result outcome, const net::resp_value* reply) override {
    queue.on_published(cookie, outcome, reply);
  }
  void on_reply(uint64_t, const net::resp_value*) override {}

  void publish(member_probe& who, std::string text, std::string room = "h:r", std::string key = {}) {
    actors::publish message{named(room), text, {}, who.handle, text, 0, true, false, std::move(key)};
    queue.publish(message);
  }
  void publish_all(member_probe& who, const std::string& letters) {
    for (char letter : letters) publish(who, std::string{letter});
  }

  /// What was sent since the last call: a capital letter for text, a small one for its name.
  std::string sent() {
    std::string out;
    for (; seen_ < redis->publishes().size(); ++seen_) {
      const auto& one = redis->publishes()[seen_];
      out += one.verb == "EVAL" ? static_cast<char>(std::toupper(one.payload[0])) : one.payload[0];
    }
    return out;
  }
  /// Of the latest publish.
  bool introduces() const { return redis->publishes().back().introduces; }
  /// Redis answers its oldest publish.
  void takes(size_t count = 1) {
    for (; count > 0; --count) takes_as(redis->publishes()[answered_].cookie);
  }
  /// The same with another publish's ticket.
  void takes_as(uint64_t cookie) {
    const auto text = "000000000000000e 1 0 " + std::to_string(cookie);
    answer(publish_result::taken, "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n");
  }
  void knows_no_script(size_t count = 1) {
    for (; count > 0; --count) answer(publish_result::refused, noscript);
  }
  void says_nothing() { redis->settles(redis->publishes()[answered_++].cookie, publish_result::unknown); }
  void answer(publish_result outcome, std::string_view reply) {
    redis->settles(redis->publishes()[answered_++].cookie, outcome, reply);
  }

  static std::string outcomes(const lines& heard) {
    std::string out;
    for (const auto& line : heard) out += line.substr(10, line.rfind(' ') - 10) + ", ";
    return out;
  }
  std::string heard(member_probe& who) {
    settle();
    return outcomes(who.heard());
  }

private:
  size_t seen_ = 0;
  size_t answered_ = 0;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(publish_queue_tests, fixture)

CAF_TEST(the first script goes as text and the others by name) {
  publish_all(ann, "abc");
  CAF_CHECK_EQUAL(sent(), "Abc");
  takes(3);
  CAF_CHECK_EQUAL(heard(ann), "a taken, b taken, c taken, ");
  publish_all(ann, "d");
  queue.on_new_server();
  publish_all(ann, "ef");
  CAF_CHECK_EQUAL(sent(), "dEf");
}

CAF_TEST(publishes ask which run of Redis it is until one is taken) {
  log.on_ready(true);
  publish(ann, "a", "h:r", "k");
  publish_all(ann, "b");
  CAF_CHECK(introduces());
  answer(publish_result::taken, "$22\r\n000000000000000e 1 1 0\r\n"); // its key was known
  publish_all(ann, "c");
  CAF_CHECK(introduces());
  takes();
  publish_all(ann, "d");
  CAF_CHECK(!introduces());
  publish(ann, "e", "h:other");
  CAF_CHECK(introduces());
}

CAF_TEST(while the bus is not ready each publish asks which run of Redis it is) {
  log.on_ready(true);
  publish_all(ann, "a");
  takes();
  log.on_ready(false); // its links come and go
  publish_all(ann, "b");
  CAF_CHECK(introduces());
  takes();
  publish_all(ann, "c");
  CAF_CHECK(introduces());
  log.on_ready(true);
  takes();
  publish_all(ann, "d");
  CAF_CHECK(!introduces());
}

CAF_TEST(rooms without history need no script) {
  publish(ann, "a", "r");
  CAF_CHECK_EQUAL(redis->publishes()[0].verb, "PUBLISH");
  publish(ann, "b");
  CAF_CHECK_EQUAL(sent(), "aB");
}

CAF_TEST(without history a key goes in a script of its own that is always sent as text) {
  publish(ann, "a", "r", "k");
  publish(ann, "b", "r", "k");
  publish(ann, "c", "r", "k");
  CAF_CHECK_EQUAL(sent(), "ABC");
  CAF_CHECK_EQUAL(redis->publishes()[0].channel, "p:ch:{r}");
  answer(publish_result::taken, ":1\r\n");
  answer(publish_result::taken, ":0\r\n");
  answer(publish_result::taken, "$2\r\nOK\r\n"); // another command's answer
  CAF_CHECK_EQUAL(heard(ann), "a taken, b taken again, c unknown, ");
}

CAF_TEST(the answer to another publish is none) {
  publish_all(ann, "abc");
  takes();
  takes_as(redis->publishes()[2].cookie); // that to b got lost
  takes_as(redis->publishes()[2].cookie + 1);
  CAF_CHECK_EQUAL(heard(ann), "a taken, b unknown, c unknown, ");
}

CAF_TEST(a forgotten script is repeated in the order of publishing) {
  publish_all(ann, "abc");
  sent();
  takes();
  knows_no_script(); // b
  CAF_CHECK_EQUAL(sent(), "");
  publish_all(ann, "de"); // not before b and c
  publish(ann, "x", "r");
  CAF_CHECK_EQUAL(sent(), "x"); // but a room without history has no part in it
  knows_no_script();            // c, the last one that was on its way
  CAF_CHECK_EQUAL(sent(), "Bcde");
  takes(5);
  CAF_CHECK_EQUAL(heard(ann), "a taken, x taken, b taken, c taken, d taken, e taken, ");
  publish_all(ann, "f");
  CAF_CHECK_EQUAL(sent(), "f");
}

CAF_TEST(what another publish of the same publisher has overtaken is refused) {
  publish_all(ann, "a");
  publish_all(bob, "b");
  publish(ann, "c", "h:other");
  publish_all(ann, "d");
  sent();
  knows_no_script(3);
  takes(); // d: another node has brought the script
  CAF_CHECK_EQUAL(heard(ann), "a unavailable, d taken, ");
  CAF_CHECK_EQUAL(queue.refused(), 1u);
  CAF_CHECK_EQUAL(sent(), "Bc");
  takes(2);
  CAF_CHECK_EQUAL(heard(bob), "b taken, ");
  CAF_CHECK_EQUAL(heard(ann), "c taken, ");
}

CAF_TEST(what may have been overtaken is refused) {
  publish_all(ann, "ab");
  publish_all(bob, "c");
  sent();
  knows_no_script();
  says_nothing();
  CAF_CHECK_EQUAL(heard(ann), "a unavailable, b unknown, ");
  takes();
  CAF_CHECK_EQUAL(sent(), "");
  publish_all(ann, "d");
  CAF_CHECK_EQUAL(sent(), "D");
}

CAF_TEST(a refusal in between overtakes nothing) {
  publish_all(ann, "abc");
  sent();
  knows_no_script();
  answer(publish_result::refused, "-OOM command not allowed\r\n");
  knows_no_script();
  CAF_CHECK_EQUAL(sent(), "Ac");
  takes(2);
  CAF_CHECK_EQUAL(heard(ann), "b unavailable, a taken, c taken, ");
}

CAF_TEST(a Redis that goes away meanwhile refuses all that is held) {
  publish_all(ann, "ab");
  sent();
  knows_no_script();
  publish_all(ann, "cd");
  redis->is_away();
  knows_no_script();
  CAF_CHECK_EQUAL(heard(ann), "a unavailable, b unavailable, c unavailable, d unavailable, ");
  publish_all(ann, "e");
  CAF_CHECK_EQUAL(heard(ann), "e unavailable, ");
}

CAF_TEST(what is held is bounded and the rest refused) {
  publish_all(ann, "ab");
  sent();
  knows_no_script();
  const size_t portion = limits::max_unanswered_bytes / 4;
  for (char letter : std::string{"cdef"}) {
    actors::publish message{named("h:r"), std::string(portion, letter), {}, ann.handle, {letter}, 0, true};
    queue.publish(message);
  }
  CAF_CHECK_EQUAL(heard(ann), "f unavailable, ");
  CAF_CHECK_EQUAL(queue.refused(), 1u);
  knows_no_script();
  CAF_CHECK_EQUAL(sent(), "Abcde");
  takes(5);
  CAF_CHECK_EQUAL(heard(ann), "a taken, b taken, c taken, d taken, e taken, ");
  publish_all(ann, "g");
  CAF_CHECK_EQUAL(sent(), "g");
}

CAF_TEST_FIXTURE_SCOPE_END()
