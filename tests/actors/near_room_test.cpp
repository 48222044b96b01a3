#define CAF_SUITE near_room
// A bridge, a room and its member on one I/O thread: calls instead of messages.
#include "actors/event_router.hpp"
#include "tests/actors/lone_connection.hpp"

namespace {

struct fixture : lone_fixture {
  using lone_fixture::lone_fixture;
  room_options droppable{1s, slow_policy::drop_oldest}; // so that batches can be told apart by their tags
  event_router router{unit(), [] {}};
  room_actor near = spawn_on(0);
  event_router::channel* channel = nullptr;

  ~fixture() override {
    router.release_all();
    end_all();
  }

  room_actor spawn_on(size_t thread) {
    return own(room_actor{sys.spawn<room>(unit(thread), name, bridge.handle, lobby.handle, droppable)});
  }
  /// Ann is a member of the room, and the room has the channel.
  void seat_ann_in(const room_actor& where) {
    channel = &router.attach({name, where, 1});
    says(R"({"type":"SUBSCRIBE","room":"r"})");
    auto request = lobby.last_join();
    tell(where, request);
    router.confirm(*channel);
    settle();
    ann->heard();
  }
  void hand_out(std::string_view text) {
    router.add(*channel, {text});
    router.hand_out();
  }
  std::vector<uint32_t> batches() {
    std::vector<uint32_t> out;
    for (const auto& tag : ann->tags()) out.push_back(tag.events);
    return out;
  }
};

struct two_threads : fixture {
  two_threads() : fixture(2) {}
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(near_room_tests, fixture)

CAF_TEST(a room of the bridge thread has its events before hand_out returns) {
  seat_ann_in(near);
  hand_out("{}");
  CAF_CHECK_EQUAL(router.unflushed().sum(), 0u);
  CAF_CHECK_EQUAL(ann->heard(), lines{}); // nothing is written in somebody else's turn
  settle();
  CAF_CHECK_EQUAL(ann->heard(), lines{"{}"});
}

CAF_TEST(the first event goes at once and those of the same run together) {
  seat_ann_in(near);
  for (const char* text : {"1", "2", "3"}) hand_out(text);
  CAF_CHECK_EQUAL(router.unflushed().sum(), 2u);
  settle();
  CAF_CHECK_EQUAL(batches(), (std::vector<uint32_t>{1, 2}));
  CAF_CHECK_EQUAL(ann->heard(), (lines{"1", "2", "3"}));
  hand_out("4");
  CAF_CHECK_EQUAL(router.unflushed().sum(), 0u); // the run is over: at once again
}

CAF_TEST(events do not overtake what waits for the room) {
  seat_ann_in(near);
  caf::anon_send(near, events_of({{"first"}}));
  hand_out("second");
  settle();
  CAF_CHECK_EQUAL(ann->heard(), (lines{"first", "second"}));
}

CAF_TEST(an event that stays for later keeps its text) {
  seat_ann_in(near);
  hand_out("1");
  hand_out(std::string(300, 'a')); // waits for the end of the run
  hand_out(std::string(300, 'b'));
  settle();
  CAF_CHECK_EQUAL(ann->heard(), (lines{"1", std::string(300, 'a'), std::string(300, 'b')}));
}

CAF_TEST(a room that has ended is not called) {
  seat_ann_in(near);
  crash(near);
  hand_out("{}");
  settle();
  CAF_CHECK_EQUAL(router.unflushed().sum(), 0u);
}

CAF_TEST_FIXTURE_SCOPE_END()

CAF_TEST_FIXTURE_SCOPE(far_room_tests, two_threads)

CAF_TEST(a room of another thread gets a message) {
  seat_ann_in(spawn_on(1));
  hand_out("{}");
  CAF_CHECK_EQUAL(router.unflushed().sum(), 2u);
  settle();
  CAF_CHECK_EQUAL(router.unflushed().sum(), 0u);
  CAF_CHECK_EQUAL(ann->heard(), lines{"{}"});
}

CAF_TEST_FIXTURE_SCOPE_END()
