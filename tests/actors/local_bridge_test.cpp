#define CAF_SUITE local_bridge
#include "actors/local_bridge.hpp"

#include "core/limits.hpp"
#include "tests/actors/probes.hpp"

using namespace roomcast;
using namespace roomcast::actors;

namespace {

struct fixture : actor_fixture {
  std::atomic<bool> ready{false};
  bridge_actor handle = own(bridge_actor{sys.spawn<local_bridge>(unit(), room_options{1s}, std::ref(ready))});
  member_probe ann{*this, 1};
  lines heard;   // by the room
  lines notices; // the same, longer and each on its own
  lines answers; // to changes of presence
  std::vector<ref<event_batch>> kept;
  // A room that never hands on what it gets.
  room_actor room = own(sys.spawn([this](room_actor::pointer) -> room_actor::behavior_type {
    return {
        [this](const events& m) {
          std::string all;
          m.list->for_each([&](const event_batch::event& e) {
            all += e.text;
            if (e.excluded != connection_id{}) all += " but " + std::to_string(value(e.excluded));
          });
          heard.push_back(all.substr(0, 40));
          m.list->for_each([&](const event_batch::event& e) {
            const auto but = e.excluded == connection_id{} ? "" : " but " + std::to_string(value(e.excluded));
            notices.push_back(std::string{e.text.substr(0, 200)} + but);
          });
          kept.push_back(m.list);
        },
        [](const flushed&) {}, [](const join&) {}, [](const leave&) {},
        [this](const room_notice& m) {
          if (const auto* changed = std::get_if<presence_changed>(&m))
            answers.push_back(text_of(*changed));
          else
            heard.push_back(text_of(m));
        }};
  }));

  ~fixture() override { end_all(); }

  void attach() { tell(handle, attach_room{named("r"), room, 1}); }
  static presence_op enters(uint64_t who, const std::string& user) {
    const auto id = '"' + user + '"';
    return {presence_step::enter, connection_id{who}, id, R"({"id":)" + id + "}", {}};
  }
  static presence_op departs(uint64_t who, std::string reason = {}) {
    return {presence_step::depart, connection_id{who}, {}, {}, std::move(reason)};
  }
  static presence_op keeps(uint64_t who) { return {presence_step::keep, connection_id{who}, {}, {}, {}}; }
  void change(std::vector<presence_op> ops, bool whole = false) {
    tell(handle, change_presence{named("r"), room, 1, whole, std::move(ops), false});
  }
  std::string page(std::string after) {
    tell(handle, ask_presence{ann.handle, named("r"), "7", std::move(after)});
    return ann.heard().back();
  }
  publish message(std::string text, bool answer = false) {
    return {named("r"), std::move(text), {}, ann.handle, "7", 70, answer};
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(local_bridge_tests, fixture)

CAF_TEST(it is ready at once and confirms every attach) {
  CAF_CHECK(ready);
  attach();
  CAF_CHECK_EQUAL(heard, lines{"attached 1"});
}

CAF_TEST(what is published in one turn arrives together and in order) {
  attach();
  heard.clear();
  for (const char* text : {"1", "2", "3"}) caf::anon_send(handle, message(text));
  settle();
  CAF_CHECK_EQUAL(heard, lines{"123"});
  tell(handle, message("4"));
  CAF_CHECK_EQUAL(heard, (lines{"123", "4"}));
}

CAF_TEST(an exclusion comes along) {
  attach();
  heard.clear();
  tell(handle, publish{named("r"), "1", connection_id{5}});
  CAF_CHECK_EQUAL(heard, lines{"1 but 5"});
}

CAF_TEST(a publish is answered when it asks) {
  tell(handle, message("1"));
  CAF_CHECK_EQUAL(ann.heard(), lines{});
  tell(handle, message("1", true)); // taken although nobody is there to hear it
  CAF_CHECK_EQUAL(ann.heard(), lines{"published 7 taken 70"});
}

CAF_TEST(a key published again reaches nobody and is told) {
  attach();
  heard.clear();
  for (int i = 0; i < 2; ++i) {
    auto keyed = message("{}", true);
    keyed.key = "k";
    tell(handle, std::move(keyed));
  }
  settle();
  CAF_CHECK_EQUAL(heard, (lines{"{}"}));
  CAF_CHECK_EQUAL(ann.heard(), (lines{"published 7 taken 70", "published 7 taken again 70"}));
}

CAF_TEST(a room that gave its channel up hears nothing more) {
  attach();
  heard.clear();
  tell(handle, detach_room{named("r"), room});
  tell(handle, message("1"));
  CAF_CHECK_EQUAL(heard, lines{});
}

CAF_TEST(over the bound of unflushed bytes publishes are refused and told) {
  attach();
  const std::string large(8 * 1'048'576, 'x');
  for (int i = 0; i < 5; ++i) tell(handle, message(large));
  CAF_CHECK_EQUAL(ann.heard(), lines{}); // 32 MiB are not over the bound, nor is the one that goes beyond
  tell(handle, message("1"));
  CAF_CHECK_EQUAL(ann.heard(), lines{"published 7 unavailable 70"});
  CAF_CHECK_EQUAL(kept.size(), 5u);
  kept.pop_back();
  tell(handle, message("2", true));
  CAF_CHECK_EQUAL(ann.heard(), lines{"published 7 taken 70"});
}

CAF_TEST(figures and cluster answer) {
  attach();
  tell(handle, message("1"));
  wire::cluster_node me;
  me.id = "me";
  tell(handle, heartbeat{me});
  figures seen;
  cluster_figures cluster;
  auto collector = own(sys.spawn([&](collector_actor::pointer) -> collector_actor::behavior_type {
    return {
        [&](const figures& f) { seen = f; }, [&](const cluster_figures& f) { cluster = f; },
        [](const expected_answers&) {}, [](const stats_deadline&) {}};
  }));
  tell(handle, ask_figures{collector});
  tell(handle, ask_cluster{collector});
  const auto& bus = std::get<wire::bus_figures>(seen.own);
  CAF_CHECK_EQUAL(bus.kind, "memory");
  CAF_CHECK_EQUAL(bus.published, 1u);
  CAF_CHECK_EQUAL(bus.received, 1u);
  CAF_CHECK_EQUAL(bus.unflushed_bytes, 1u);
  CAF_CHECK_EQUAL(bus.subscriptions_wanted, 1u);
  CAF_REQUIRE_EQUAL(cluster.nodes.size(), 1u);
  CAF_CHECK_EQUAL(cluster.nodes[0].id, "me");
}

// -- presence -------------------------------------------------------------------------

CAF_TEST(a change announces who comes and goes and is answered with who is there) {
  attach();
  heard.clear();
  change({enters(1, "a"), enters(2, "b")});
  CAF_CHECK_EQUAL(answers, lines{R"(1 ok 2 [{"id":"a"}{"id":"b"}])"});
  CAF_CHECK_EQUAL(
      notices, (lines{
                   R"({"type":"join","roomId":"r","user":{"id":"a"}} but 1)",
                   R"({"type":"join","roomId":"r","user":{"id":"b"}} but 2)"}));
  change({departs(1, "disconnect")});
  CAF_CHECK_EQUAL(answers.back(), "1 ok"); // nobody entered: nobody wants the list
  CAF_CHECK_EQUAL(notices.back(), R"({"type":"exit","roomId":"r","user":{"id":"a"},"reason":"disconnect"})");
  CAF_CHECK_EQUAL(page(""), R"(presence 7 1 [{"id":"b"}])");
}

CAF_TEST(a user with two connections is announced once in each direction) {
  attach();
  change({enters(1, "u"), enters(2, "u")});
  CAF_CHECK_EQUAL(notices.size(), 1u);
  change({departs(1)});
  CAF_CHECK_EQUAL(notices.size(), 1u);
  change({departs(2)});
  CAF_CHECK_EQUAL(notices.size(), 2u);
  CAF_CHECK_EQUAL(page(""), "presence 7 0 []");
}

CAF_TEST(the same user again is not announced and another one replaces it) {
  attach();
  change({enters(1, "u")});
  change({enters(1, "u")});
  CAF_CHECK_EQUAL(notices.size(), 1u);
  change({enters(1, "v")});
  CAF_REQUIRE_EQUAL(notices.size(), 3u);
  CAF_CHECK_EQUAL(notices[1], R"({"type":"exit","roomId":"r","user":{"id":"u"}})");
  CAF_CHECK_EQUAL(answers.back(), R"(1 ok 1 [{"id":"v"}])");
}

CAF_TEST(a whole list removes who is not named) {
  attach();
  change({enters(1, "a"), enters(2, "b"), enters(3, "c")});
  change({keeps(2), enters(3, "c")}, true);
  CAF_CHECK_EQUAL(page(""), R"(presence 7 2 [{"id":"b"}{"id":"c"}])");
  change({}, true);
  CAF_CHECK_EQUAL(page(""), "presence 7 0 []");
}

CAF_TEST(pages begin behind a user) {
  change({enters(1, "a"), enters(2, "b")});
  CAF_CHECK_EQUAL(page(R"("a")"), R"(presence 7 2 [{"id":"b"}])");
}

CAF_TEST(stopping calls back and ends) {
  attach();
  int stopped = 0;
  tell(handle, stop_bridge{[&] { ++stopped; }});
  CAF_CHECK_EQUAL(stopped, 1);
  CAF_CHECK(!is_alive(handle));
}

CAF_TEST_FIXTURE_SCOPE_END()
