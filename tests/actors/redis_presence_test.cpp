#define CAF_SUITE redis_presence
#include "actors/redis_presence.hpp"

#include "actors/redis_bridge.hpp"
#include "core/limits.hpp"
#include "tests/actors/fake_redis_bus.hpp"
#include "tests/actors/probes.hpp"

using namespace roomcast;
using namespace roomcast::actors;

namespace {

/// RESP of a reply: numbers as integers, all else as texts.
std::string reply(const lines& elements) {
  std::string out = "*" + std::to_string(elements.size()) + "\r\n";
  for (const auto& each : elements)
    if (!each.empty() && each.find_first_not_of("-0123456789") == each.npos)
      out += ":" + each + "\r\n";
    else
      out += "$" + std::to_string(each.size()) + "\r\n" + each + "\r\n";
  return out;
}

struct fixture : actor_fixture {
  std::atomic<bool> ready{false};
  std::shared_ptr<far_redis> redis = std::make_shared<far_redis>();
  bridge_actor handle = own(bridge_actor{sys.spawn<redis_bridge>(
      unit(), std::make_unique<fake_redis_bus>(redis), std::string{"test:6379/0"},
      channel_naming::make("p:", "{prefix}ch:{%}"), room_rules{room_options{std::chrono::seconds{1}}},
      boot_id{"b00t"}, std::ref(ready))});
  member_probe ann{*this, 1};
  lines told; // to the room
  room_actor room = own(sys.spawn([this](room_actor::pointer) -> room_actor::behavior_type {
    return {
        [](const events&) {}, [](const flushed&) {}, [](const join&) {}, [](const leave&) {},
        [this](const room_notice& m) {
          if (const auto* changed = std::get_if<presence_changed>(&m)) told.push_back(text_of(*changed));
          if (std::holds_alternative<presence_lost>(m)) told.push_back("presence_lost");
        }};
  }));
  wire::cluster_node me;

  fixture() {
    me.id = "me";
    me.boot = "b00t";
    settle();
  }
  ~fixture() override { end_all(); }

  /// Ready, and the first heartbeat is answered.
  void live() {
    says_ready(true);
    tell(handle, heartbeat{me});
    answer({"1"});
    redis->heard();
  }
  void says_ready(bool now) {
    redis->says_ready(now);
    settle();
  }
  void answer(const lines& elements) {
    redis->replies(reply(elements));
    settle();
  }
  /// One heartbeat a second later, which finds these nodes silent.
  void beat(const lines& silent = {}, const char* was_new = "0") {
    pass(1s);
    tell(handle, heartbeat{me});
    lines elements{was_new};
    elements.insert(elements.end(), silent.begin(), silent.end());
    answer(elements);
  }
  void steady() {
    live();
    for (int i = 0; i < 7; ++i) beat();
    redis->heard();
  }
  /// The keys and arguments of the scripts that were sent.
  lines sent() {
    lines out;
    for (const auto& line : redis->heard()) out.push_back(line.substr(line.rfind('\n') + 1));
    return out;
  }
  void change(std::vector<presence_op> ops) {
    tell(handle, change_presence{named("r"), room, 5, false, std::move(ops), false});
  }
  static presence_op ann_enters() { return {presence_step::enter, connection_id{1}, "1", R"({"id":1})", {}}; }
  void ask(const std::string& id) { tell(handle, ask_presence{ann.handle, named("r"), id, ""}); }
  uint64_t refused_questions() {
    uint64_t out = 0;
    auto collector = own(sys.spawn([&out](collector_actor::pointer) -> collector_actor::behavior_type {
      return {
          [&out](const figures& f) { out = std::get<wire::bus_figures>(f.own).refused_questions; },
          [](const cluster_figures&) {}, [](const expected_answers&) {}, [](const stats_deadline&) {}};
    }));
    tell(handle, ask_figures{collector});
    crash(collector);
    return out;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(redis_presence_tests, fixture)

// -- changes ----------------------------------------------------------------------------

CAF_TEST(a change names keys and steps and is answered with who is there) {
  live();
  change({ann_enters()});
  const auto heard = sent();
  CAF_REQUIRE_EQUAL(heard.size(), 1u);
  CAF_CHECK(
      heard[0].find(" 5 p:who:{r} p:usr:{r} p:ord:{r} p:node:me.b00t:rooms p:nodes me.b00t r p:ch:{r} ")
      != heard[0].npos);
  CAF_CHECK(heard[0].ends_with(R"( part 0 100 e 1 1 {"id":1})"));
  answer({"2", "1", R"({"id":0})"});
  CAF_CHECK_EQUAL(told, lines{R"(5 ok 2 [{"id":0}])"});
}

CAF_TEST(a change fails while the bus is away and when the link breaks and by an error) {
  change({ann_enters()});
  CAF_CHECK_EQUAL(told, lines{"5 failed"});
  live();
  change({ann_enters()});
  redis->breaks_off();
  change({ann_enters()});
  redis->replies("-OOM command not allowed\r\n");
  settle();
  CAF_CHECK_EQUAL(told.size(), 3u);
  CAF_CHECK_EQUAL(told.back(), "5 failed");
}

// -- questions ----------------------------------------------------------------------------

CAF_TEST(a question is answered by Redis) {
  live();
  ask("7");
  CAF_CHECK(sent()[0].ends_with("3 p:who:{r} p:usr:{r} p:ord:{r}  100"));
  answer({"1", "0", R"({"id":1})"});
  CAF_CHECK_EQUAL(ann.heard(), lines{R"(presence 7 1 [{"id":1}])"});
}

CAF_TEST(few questions are at Redis at a time and too many are refused) {
  live();
  for (size_t i = 0; i < limits::max_presence_queries; ++i) ask("1");
  CAF_CHECK_EQUAL(redis->heard().size(), limits::max_presence_queries);
  for (size_t i = 0; i < limits::max_presence_questions; ++i) ask("2");
  CAF_CHECK_EQUAL(redis->heard(), lines{});
  CAF_CHECK_EQUAL(ann.heard(), lines{});
  ask("3");
  CAF_CHECK_EQUAL(ann.heard(), lines{"presence 3 unknown"});
  CAF_CHECK_EQUAL(refused_questions(), 1u);
  answer({"0", "0"});
  CAF_CHECK_EQUAL(ann.heard(), lines{"presence 1 0 []"});
  CAF_CHECK_EQUAL(redis->heard().size(), 1u);
}

CAF_TEST(a bus that goes away answers all questions) {
  live();
  for (size_t i = 0; i < limits::max_presence_queries + 2; ++i) ask("1");
  says_ready(false);
  CAF_CHECK_EQUAL(ann.heard(), (lines{"presence 1 unknown", "presence 1 unknown"}));
  redis->breaks_off();
  settle();
  CAF_CHECK_EQUAL(ann.heard(), lines{"presence 1 unknown"});
  ask("2");
  CAF_CHECK_EQUAL(ann.heard(), lines{"presence 2 unknown"});
}

CAF_TEST(history that cannot be asked for is answered however much) {
  live();
  for (size_t i = 0; i < limits::max_history_reads + limits::max_waiting_history; ++i)
    tell(handle, ask_history{named("r"), ann.handle, "1", 0, 10, 1'000});
  CAF_CHECK_EQUAL(ann.heard(), lines{});
  CAF_CHECK_EQUAL(redis->heard().size(), limits::max_history_reads);
  tell(handle, ask_history{named("r"), ann.handle, "2", 0, 10, 1'000});
  CAF_CHECK_EQUAL(ann.heard(), lines{"history 2 failed"});
  redis->is_away();
  redis->breaks_off();
  settle();
  CAF_CHECK_EQUAL(ann.heard().size(), limits::max_waiting_history + 1);
}

CAF_TEST(questions that cannot be sent are answered however many) {
  live();
  for (size_t i = 0; i < limits::max_presence_queries + 1'000; ++i) ask("1");
  redis->is_away();
  redis->breaks_off();
  settle();
  CAF_CHECK_EQUAL(ann.heard().size(), 1'001u);
}

// -- heartbeats -----------------------------------------------------------------------------

CAF_TEST(heartbeats go on while the bus is not ready) {
  live(); // then the subscriber link breaks, and the command link does not
  says_ready(false);
  tell(handle, heartbeat{me});
  CAF_CHECK_EQUAL(redis->heard().size(), 1u);
}

CAF_TEST(a heartbeat goes out when the bus is ready and each time) {
  says_ready(true);
  CAF_CHECK_EQUAL(redis->heard(), lines{}); // there is nothing to say yet
  tell(handle, heartbeat{me});
  const auto heard = sent();
  CAF_REQUIRE_EQUAL(heard.size(), 1u);
  CAF_CHECK(
      heard[0].ends_with(" 2 p:node:me.b00t p:nodes " + wire::encode_heartbeat(me) + " 6000 me.b00t 16"));
  tell(handle, heartbeat{me});
  CAF_CHECK_EQUAL(redis->heard().size(), 1u);
}

CAF_TEST(a node that is not listed any more tells its rooms) {
  live();
  tell(handle, attach_room{named("r"), room, 1});
  beat();
  CAF_CHECK_EQUAL(told, lines{});
  beat({}, "1");
  CAF_CHECK_EQUAL(told, lines{"presence_lost"});
}

// -- nodes that are gone ------------------------------------------------------------------------

CAF_TEST(a dead node is condemned and cleared room by room and buried) {
  steady();
  beat({"b.1"});
  redis->heard();
  beat({"b.1"});
  CAF_CHECK(redis->heard().back().ends_with(" 3 p:nodes p:node:b.1:rooms p:node:b.1 b.1 6000 200"));
  answer({"2", "r", "s"});
  const auto reaps = sent();
  CAF_REQUIRE_EQUAL(reaps.size(), 2u);
  CAF_CHECK(
      reaps[1].find("p:who:{s} p:usr:{s} p:ord:{s} p:node:b.1:rooms p:nodes b.1 s p:ch:{s} ")
      != lines::value_type::npos);
  CAF_CHECK(reaps[1].ends_with(" reap 1 0"));
  answer({"0", "0"});
  CAF_CHECK_EQUAL(redis->heard(), lines{});
  answer({"0", "0"});
  CAF_CHECK_EQUAL(redis->heard().size(), 1u); // are there more?
  answer({"0"});
  CAF_CHECK_EQUAL(redis->heard(), lines{});
}

CAF_TEST(one node is reaped once at a time and again after a failure) {
  steady();
  beat({"b.1"});
  beat({"b.1"});
  redis->heard();
  tell(handle, heartbeat{me});
  redis->heard();
  answer({"1", "r"});            // condemned
  answer({"0", "b.1"});          // the heartbeat
  redis->replies("-ERR no\r\n"); // the room
  settle();
  redis->heard();
  beat({"b.1"});
  CAF_CHECK_EQUAL(redis->heard().size(), 2u); // heartbeat and another attempt
}

CAF_TEST(a node that was just started reaps nobody) {
  live();
  for (int i = 0; i < 4; ++i) {
    beat({"b.1"});
    CAF_CHECK_EQUAL(redis->heard().size(), 1u);
  }
}

CAF_TEST(a node that comes back is left alone) {
  steady();
  beat({"b.1"});
  beat({"b.1"});
  redis->heard();
  answer({"-1"});
  CAF_CHECK_EQUAL(redis->heard(), lines{});
}

// -- the cluster ----------------------------------------------------------------------------------

CAF_TEST(the cluster is read from Redis and ages count from the heartbeat) {
  std::vector<wire::cluster_node> nodes;
  auto collector = own(sys.spawn([&nodes](collector_actor::pointer) -> collector_actor::behavior_type {
    return {
        [](const figures&) {}, [&nodes](const cluster_figures& f) { nodes = f.nodes; },
        [](const expected_answers&) {}, [](const stats_deadline&) {}};
  }));
  wire::cluster_node other;
  other.id = "other";
  other.boot = "x";
  live();
  tell(handle, ask_cluster{collector});
  CAF_CHECK(redis->heard().at(0).ends_with(" 1 p:nodes p:node:"));
  answer({wire::encode_heartbeat(me), "5900", "no heartbeat", "1", wire::encode_heartbeat(other), "1000"});
  CAF_REQUIRE_EQUAL(nodes.size(), 2u);
  CAF_CHECK_EQUAL(nodes[0].id, "me");
  CAF_CHECK(nodes[0].self);
  CAF_CHECK_EQUAL(nodes[0].age_ms, 100);
  CAF_CHECK(!nodes[1].self);
  CAF_CHECK_EQUAL(nodes[1].age_ms, 5'000);
  tell(handle, ask_cluster{collector});
  redis->breaks_off();
  settle();
  CAF_REQUIRE_EQUAL(nodes.size(), 1u); // Redis is away: we know ourselves
  CAF_CHECK(nodes[0].self);
}

// -- the end ------------------------------------------------------------------------------------------

CAF_TEST(leaving clears what is left and takes nothing more) {
  live();
  int stopped = 0;
  tell(handle, stop_bridge{[&] { ++stopped; }});
  CAF_CHECK(redis->heard().back().ends_with(" p:node:me.b00t me.b00t -1000 200"));
  tell(handle, heartbeat{me}); // would list the node again
  change({ann_enters()});
  CAF_CHECK_EQUAL(redis->heard(), lines{});
  CAF_CHECK_EQUAL(told, lines{"5 failed"});
  answer({"1", "r"});
  answer({"0", "0"});
  CAF_CHECK_EQUAL(stopped, 0);
  answer({"0"});
  CAF_CHECK_EQUAL(stopped, 1);
  CAF_CHECK(!is_alive(handle));
}

CAF_TEST_FIXTURE_SCOPE_END()
