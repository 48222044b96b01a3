#define CAF_SUITE event_router
#include "actors/event_router.hpp"

#include "core/limits.hpp"
#include "tests/actors/probes.hpp"

using namespace roomcast;
using namespace roomcast::actors;

namespace {

/// Stands for a room: writes down what the bridge says.
struct room_log {
  lines heard;
  std::vector<ref<event_batch>> kept;
};

struct fixture : actor_fixture {
  event_router router{unit(), [] {}};
  room_log first_log;
  room_log second_log;
  room_actor first = spawn_room(first_log);
  room_actor second = spawn_room(second_log);

  ~fixture() override {
    router.release_all();
    end_all();
  }

  room_actor spawn_room(room_log& log) {
    return own(sys.spawn([&log](room_actor::pointer) -> room_actor::behavior_type {
      return {
          [&log](const events& m) {
            std::string all;
            m.list->for_each([&](const event_batch::event& e) { all += e.text; });
            log.heard.push_back(all);
            log.kept.push_back(m.list);
          },
          [](const flushed&) {}, [](const join&) {}, [](const leave&) {},
          [&log](const room_notice& m) { log.heard.push_back(text_of(m)); }};
    }));
  }
  event_router::channel& attach(std::string_view name, const room_actor& from, uint32_t attempt = 1) {
    return router.attach({named(name), from, attempt});
  }
  lines heard(room_log& log) {
    settle();
    return take(log.heard);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(event_router_tests, fixture)

CAF_TEST(the events of one turn go to each room at once and in order) {
  auto& r = attach("r", first);
  auto& s = attach("s", second);
  router.add(r, {"1"});
  router.add(s, {"2"});
  router.add(r, {"3"});
  CAF_CHECK_EQUAL(heard(first_log), lines{});
  router.hand_out();
  CAF_CHECK_EQUAL(heard(first_log), lines{"13"});
  CAF_CHECK_EQUAL(heard(second_log), lines{"2"});
  router.hand_out();
  CAF_CHECK_EQUAL(heard(first_log), lines{});
  CAF_CHECK_EQUAL(router.received(), 3u);
}

CAF_TEST(a channel stays where it is while others come and go) {
  auto* r = &attach("r", first);
  for (int i = 0; i < 1'000; ++i) attach("other" + std::to_string(i), second);
  CAF_CHECK(router.find(named("r")) == r);
  for (int i = 0; i < 1'000; ++i) router.release(*router.find(named("other" + std::to_string(i))));
  CAF_CHECK(router.find(named("r")) == r);
  CAF_CHECK_EQUAL(router.size(), 1u);
}

CAF_TEST(attaching again keeps the place and asks for a new confirmation) {
  auto& r = attach("r", first);
  router.confirm(r);
  auto& again = attach("r", first, 2);
  CAF_CHECK(&again == &r);
  CAF_CHECK(!r.confirmed);
  router.confirm(r);
  CAF_CHECK_EQUAL(heard(first_log), (lines{"attached 1", "attached 2"}));
}

CAF_TEST(a new owner gets no events of the former one) {
  auto& r = attach("r", first);
  router.add(r, {"old"});
  attach("r", second);
  router.add(r, {"new"});
  router.hand_out();
  CAF_CHECK_EQUAL(heard(first_log), lines{});
  CAF_CHECK_EQUAL(heard(second_log), lines{"new"});
}

CAF_TEST(only the owner can give a channel up) {
  attach("r", first);
  attach("r", second);
  CAF_CHECK(router.owned_by({named("r"), first}) == nullptr);
  CAF_CHECK(router.owned_by({named("x"), first}) == nullptr);
  CAF_CHECK(router.owned_by({named("r"), second}) == router.find(named("r")));
}

CAF_TEST(a channel given up with pending events hands out nothing) {
  auto& r = attach("r", first);
  router.add(r, {"1"});
  router.release(r);
  router.hand_out();
  CAF_CHECK_EQUAL(heard(first_log), lines{});
  CAF_CHECK(router.find(named("r")) == nullptr);
  CAF_CHECK_EQUAL(router.unflushed().sum(), 0u);
}

CAF_TEST(all owners hear when the bus is lost) {
  router.confirm(attach("r", first));
  attach("s", second);
  router.lose_all();
  CAF_CHECK_EQUAL(heard(first_log), (lines{"attached 1", "bus_lost"}));
  CAF_CHECK_EQUAL(heard(second_log), lines{"bus_lost"});
  CAF_CHECK(!router.find(named("r"))->confirmed);
}

CAF_TEST(what the rooms keep counts as unflushed) {
  auto& r = attach("r", first);
  const std::string much(1'000, 'x');
  router.add(r, {much});
  router.hand_out();
  settle();
  CAF_CHECK_EQUAL(router.unflushed().sum(), 1'000u);
  first_log.kept.clear();
  CAF_CHECK_EQUAL(router.unflushed().sum(), 0u);
}

CAF_TEST_FIXTURE_SCOPE_END()
