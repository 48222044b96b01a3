#define CAF_SUITE redis_bridge
#include "actors/redis_bridge.hpp"

#include "core/limits.hpp"
#include "tests/actors/fake_redis_bus.hpp"
#include "tests/actors/probes.hpp"

using namespace roomcast;
using namespace roomcast::actors;

namespace {

struct fixture : actor_fixture {
  std::atomic<bool> ready{false};
  std::shared_ptr<far_redis> redis = std::make_shared<far_redis>();
  bridge_actor handle = spawn_bridge("{prefix}ch:{%}", redis);
  member_probe ann{*this, 1};
  lines first_heard;
  lines second_heard;
  std::vector<ref<event_batch>> kept;
  room_actor first = spawn_room(first_heard);
  room_actor second = spawn_room(second_heard);

  fixture() { settle(); }
  ~fixture() override { end_all(); }

  bridge_actor spawn_bridge(std::string_view channels, const std::shared_ptr<far_redis>& far) {
    return own(bridge_actor{sys.spawn<redis_bridge>(
        unit(), std::make_unique<fake_redis_bus>(far), std::string{"test:6379/0"},
        channel_naming::make("p:", channels), room_rules{room_options{1s}}, boot_id{"b00t"},
        std::ref(ready))});
  }

  room_actor spawn_room(lines& heard) {
    return own(sys.spawn([this, &heard](room_actor::pointer) -> room_actor::behavior_type {
      return {
          [this, &heard](const events& m) {
            m.list->for_each([&](const event_batch::event& e) {
              const auto but =
                  e.excluded == connection_id{} ? "" : " but " + std::to_string(value(e.excluded));
              heard.push_back(std::string{e.text.substr(0, 40)} + but);
            });
            kept.push_back(m.list);
          },
          [](const flushed&) {}, [](const join&) {}, [](const leave&) {},
          [&heard](const room_notice& m) { heard.push_back(text_of(m)); }};
    }));
  }

  void says_ready(bool now) {
    redis->says_ready(now);
    settle();
  }
  void attach(const room_actor& from, uint32_t attempt = 1) {
    tell(handle, attach_room{named("r"), from, attempt});
  }
  void attach_first() {
    says_ready(true);
    attach(first);
    redis->confirms("p:ch:{r}");
    settle();
    first_heard.clear();
    redis->heard();
  }
  void brings(const std::vector<std::string>& payloads) {
    redis->brings("p:ch:{r}", payloads);
    settle();
  }
  void settles(size_t publish, net::publish_result outcome) {
    redis->settles(redis->publishes()[publish].cookie, outcome);
    settle();
  }
  publish message(std::string id, bool answer, connection_id excluded = {}) {
    return {named("r"), R"({"m":1})", excluded, ann.handle, std::move(id), 70, answer};
  }
  wire::bus_figures bus_figures_now() {
    figures seen;
    auto collector = own(sys.spawn([&seen](collector_actor::pointer) -> collector_actor::behavior_type {
      return {
          [&seen](const figures& f) { seen = f; }, [](const cluster_figures&) {},
          [](const expected_answers&) {}, [](const stats_deadline&) {}};
    }));
    tell(handle, ask_figures{collector});
    caf::anon_send_exit(collector, caf::exit_reason::kill);
    settle();
    return std::get<wire::bus_figures>(seen.own);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(redis_bridge_tests, fixture)

// -- attach and detach -----------------------------------------------------------------

CAF_TEST(an attach subscribes and is confirmed by Redis) {
  says_ready(true);
  CAF_CHECK(ready);
  attach(first);
  CAF_CHECK_EQUAL(redis->heard(), lines{"SUBSCRIBE p:ch:{r}"});
  CAF_CHECK_EQUAL(first_heard, lines{});
  redis->confirms("p:ch:{r}");
  settle();
  CAF_CHECK_EQUAL(first_heard, lines{"attached 1"});
}

CAF_TEST(a room named like the channel of the bus is refused) {
  redis->reserved = "p:ch:{r}";
  says_ready(true);
  attach(first);
  CAF_CHECK_EQUAL(first_heard, lines{"refused 1"});
  CAF_CHECK_EQUAL(redis->heard(), lines{});
}

CAF_TEST(an attach while the bus is not ready is refused) {
  attach(first, 3);
  CAF_CHECK_EQUAL(first_heard, lines{"refused 3"});
  CAF_CHECK_EQUAL(redis->heard(), lines{});
}

CAF_TEST(the last owner gives the channel up) {
  attach_first();
  tell(handle, detach_room{named("r"), first});
  CAF_CHECK_EQUAL(redis->heard(), lines{"UNSUBSCRIBE p:ch:{r}"});
  CAF_CHECK(redis->owner_of("p:ch:{r}") == nullptr);
}

CAF_TEST(a second instance takes the channel over and the detach of the first is ignored) {
  attach_first();
  attach(second, 2);
  redis->confirms("p:ch:{r}");
  tell(handle, detach_room{named("r"), first});
  brings({"{}"});
  CAF_CHECK_EQUAL(first_heard, lines{});
  CAF_CHECK_EQUAL(second_heard, (lines{"attached 2", "{}"}));
  CAF_CHECK_EQUAL(redis->heard(), lines{"SUBSCRIBE p:ch:{r}"});
}

CAF_TEST(a lost bus is told and so is its return ) {
  attach_first();
  says_ready(false);
  CAF_CHECK(!ready);
  CAF_CHECK_EQUAL(first_heard, lines{"bus_lost"});
  says_ready(true);
  CAF_CHECK_EQUAL(first_heard, (lines{"bus_lost", "attached 1"}));
}

CAF_TEST(a confirmation before the bus is ready waits for it) {
  attach_first();
  says_ready(false);
  redis->confirms("p:ch:{r}");
  settle();
  CAF_CHECK_EQUAL(first_heard, lines{"bus_lost"});
  says_ready(true);
  CAF_CHECK_EQUAL(first_heard, (lines{"bus_lost", "attached 1"}));
}

// -- events --------------------------------------------------------------------------------

CAF_TEST(one read is one message to the room) {
  attach_first();
  brings({R"({"a":1})", R"({"a":2})"});
  CAF_CHECK_EQUAL(first_heard, (lines{R"({"a":1})", R"({"a":2})"}));
  CAF_CHECK_EQUAL(kept.size(), 1u);
}

CAF_TEST(only our own run is excluded from) {
  attach_first();
  brings({"\x01x=b00t.5\n{}", "\x01x=0ther.5\n{}"});
  CAF_CHECK_EQUAL(first_heard, (lines{"{} but 5", "{}"}));
}

CAF_TEST(what is no JSON object is dropped and counted) {
  attach_first();
  brings({"hello", "{\"a\":\"\xFF\"}", "\x01x=never ends", "{}", ""});
  CAF_CHECK_EQUAL(first_heard, lines{"{}"});
  CAF_CHECK_EQUAL(bus_figures_now().dropped_payloads, 4u);
}

CAF_TEST(over the bound of unflushed bytes reading pauses until half is flushed) {
  attach_first();
  const auto large = "{" + std::string(1'000'000, ' ') + "}";
  for (int i = 0; i < 33; ++i) brings({large});
  CAF_CHECK(!redis->is_paused());
  brings({large});
  CAF_CHECK(redis->is_paused());
  CAF_CHECK_GREATER(bus_figures_now().unflushed_bytes, limits::max_unflushed_bytes);
  kept.resize(17);
  settle();
  CAF_CHECK(redis->is_paused());
  kept.resize(16);
  settle();
  CAF_CHECK(!redis->is_paused());
  brings({large});
  CAF_CHECK(!redis->is_paused());
}

CAF_TEST(a place is read with what the room has and the run of Redis that it has it from) {
  attach_first();
  const auto ask = [this](position after) {
    tell(handle, ask_log{named("r"), first, log_read::place, 1, after});
    const auto heard = redis->heard();
    const auto& words = heard.at(0);
    return words.substr(words.find("2592000000"));
  };
  CAF_CHECK_EQUAL(ask({}), "2592000000");
  redis->replies("*3\r\n$16\r\n000000000000000e\r\n$1\r\n3\r\n$4\r\nabcd\r\n");
  CAF_CHECK_EQUAL(ask({epoch_id{0xE}, 5}), "2592000000 000000000000000e 5 abcd");
}

// -- publishing ---------------------------------------------------------------------------------

CAF_TEST(a plain event travels as it is and an exclusion as header) {
  tell(handle, message("", false));
  tell(handle, message("", false, connection_id{5}));
  CAF_REQUIRE_EQUAL(redis->publishes().size(), 2u);
  CAF_CHECK_EQUAL(redis->publishes()[0].channel, "p:ch:{r}");
  CAF_CHECK_EQUAL(redis->publishes()[0].payload, R"({"m":1})");
  CAF_CHECK_EQUAL(redis->publishes()[1].payload, "\x01x=b00t.5\n{\"m\":1}");
}

CAF_TEST(a naming without headers sends none) {
  auto far = std::make_shared<far_redis>();
  const auto classic = spawn_bridge("%", far);
  settle();
  tell(classic, message("", false, connection_id{5}));
  CAF_CHECK_EQUAL(far->publishes().at(0).channel, "r");
  CAF_CHECK_EQUAL(far->publishes().at(0).payload, R"({"m":1})");
}

CAF_TEST(a publish that went well is answered only when it asked) {
  tell(handle, message("1", false));
  tell(handle, message("2", true));
  settles(0, net::publish_result::taken);
  CAF_CHECK_EQUAL(ann.heard(), lines{});
  settles(1, net::publish_result::taken);
  CAF_CHECK_EQUAL(ann.heard(), lines{"published 2 taken 70"});
}

CAF_TEST(a publish that failed is always answered) {
  tell(handle, message("1", false));
  tell(handle, message("2", false));
  settles(0, net::publish_result::refused);
  settles(1, net::publish_result::unknown);
  CAF_CHECK_EQUAL(ann.heard(), (lines{"published 1 unavailable 70", "published 2 unknown 70"}));
}

CAF_TEST(answers out of order find their publish) {
  for (const char* id : {"1", "2", "3"}) tell(handle, message(id, true));
  settles(1, net::publish_result::taken);
  settles(2, net::publish_result::unknown);
  settles(0, net::publish_result::taken);
  CAF_CHECK_EQUAL(
      ann.heard(), (lines{"published 2 taken 70", "published 3 unknown 70", "published 1 taken 70"}));
  tell(handle, message("4", true));
  settles(3, net::publish_result::taken);
  CAF_CHECK_EQUAL(ann.heard(), lines{"published 4 taken 70"});
}

CAF_TEST(a publish refused at once overtakes those that are unanswered) {
  tell(handle, message("1", true));
  redis->is_away();
  tell(handle, message("2", true));
  CAF_CHECK_EQUAL(ann.heard(), lines{"published 2 unavailable 70"});
  settles(0, net::publish_result::unknown);
  CAF_CHECK_EQUAL(ann.heard(), lines{"published 1 unknown 70"});
  tell(handle, message("3", true));
  CAF_CHECK_EQUAL(ann.heard(), lines{"published 3 unavailable 70"});
}

CAF_TEST(a notice that nobody asks about is settled in silence) {
  tell(handle, publish{named("r"), "{}"});
  settles(0, net::publish_result::refused);
  CAF_CHECK_EQUAL(ann.heard(), lines{});
}

// -- figures and the end --------------------------------------------------------------------------------

CAF_TEST(the figures are those of the bus) {
  const auto bus = bus_figures_now();
  CAF_CHECK_EQUAL(bus.kind, "redis");
  CAF_CHECK_EQUAL(bus.server, "test:6379/0");
  CAF_CHECK_EQUAL(bus.round_trip_us, 77);
}

CAF_TEST(stopping says goodbye and ends with the last answer) {
  says_ready(true);
  redis->heard();
  int stopped = 0;
  tell(handle, stop_bridge{[&] { ++stopped; }});
  const auto heard = redis->heard();
  CAF_REQUIRE_EQUAL(heard.size(), 1u);
  CAF_CHECK(heard[0].starts_with("EVAL"));
  CAF_CHECK_EQUAL(stopped, 0);
  redis->replies("*1\r\n:0\r\n");
  settle();
  CAF_CHECK_EQUAL(stopped, 1);
  CAF_CHECK(!is_alive(handle));
  CAF_CHECK(redis->is_stopped());
  CAF_CHECK(redis->is_destroyed());
  CAF_CHECK(!ready);
}

CAF_TEST(stopping does not wait for a Redis that is gone) {
  redis->is_away();
  int stopped = 0;
  tell(handle, stop_bridge{[&] { ++stopped; }});
  CAF_CHECK_EQUAL(stopped, 1);
  CAF_CHECK(!is_alive(handle));
}

CAF_TEST(stopping waits two seconds for a Redis that is silent) {
  int stopped = 0;
  tell(handle, stop_bridge{[&] { ++stopped; }});
  pass(limits::publish_timeout - 1ms);
  CAF_CHECK_EQUAL(stopped, 0);
  pass(1ms);
  CAF_CHECK_EQUAL(stopped, 1);
  CAF_CHECK(!is_alive(handle));
}

CAF_TEST_FIXTURE_SCOPE_END()
