#define CAF_SUITE connection_past
#include "tests/actors/lone_connection.hpp"

namespace {

std::string recover(const std::string& room) {
  return R"({"type":"SUBSCRIBE","room":")" + room + R"(","recover":{"epoch":"5f0e3a9b7c21d468","seq":1}})";
}

const std::string history = R"({"type":"history","room":"r","id":1})";

/// More than a quarter of what the output queue may hold.
struct past_fixture : lone_fixture {
  room_actor keeper = own(room_actor{sys.spawn<room>(unit(), name, bridge.handle, lobby.handle, keeping())});

  past_fixture() { services.max_queue_bytes = 1'000; }

  static room_options keeping() {
    room_options options{1s};
    options.history.size = 10;
    return options;
  }
  void says_at_once(std::initializer_list<std::string> list) {
    ann->says_at_once(list);
    settle();
  }
  replay page(size_t bytes, bool is_last) {
    bytes_builder out;
    net::append_frame(out, net::opcode::text, std::string(bytes, 'x'));
    return {out.finish(), 1, is_last ? nullptr : caf::actor_cast<caf::strong_actor_ptr>(keeper)};
  }
  void lets_in(replay past) {
    const auto slot = past.from ? no_slot : member_slot{4};
    tell(
        ann.handle, joined{
                        name,
                        slot,
                        lobby.last_join().purpose,
                        {},
                        slow_policy::disconnect,
                        variant::plain,
                        {},
                        true,
                        std::move(past)});
  }
  void answers_history(size_t bytes) {
    history_answer answer{name, "1", true, {}, {}, false};
    answer.entries.push_back({1, shared_bytes{"{\"x\":\"" + std::string(bytes, 'x') + "\"}"}});
    tell(ann.handle, notice{std::move(answer)});
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(connection_past_tests, past_fixture)

CAF_TEST(a second recovery is asked for when the first is taken and read) {
  ann->stops_reading();
  says_at_once({recover("r"), recover("s"), R"({"type":"UNSUBSCRIBE","room":"t"})"});
  CAF_CHECK_EQUAL(lobby.heard(), lines{"join r"});
  CAF_CHECK(ann->is_paused());
  CAF_CHECK_EQUAL(ann->unread(), 1u);
  lets_in(page(100, false));
  CAF_CHECK_EQUAL(lobby.heard(), lines{}); // more pages follow
  tell(ann.handle, notice{replayed{name, member_slot{4}, page(300, true)}});
  pass(limits::replay_pause);
  CAF_CHECK_EQUAL(lobby.heard(), lines{}); // nobody has read them
  ann->reads_again();
  pass(limits::replay_pause);
  CAF_CHECK_EQUAL(lobby.heard(), lines{"join s"});
  CAF_CHECK(!ann->is_paused());
  CAF_CHECK_EQUAL(ann->unread(), 0u);
}

CAF_TEST(a past that is small lets the next one begin at once) {
  says_at_once({recover("r"), recover("s")});
  lobby.heard();
  lets_in({});
  CAF_CHECK_EQUAL(lobby.heard(), lines{"join s"});
  CAF_CHECK(!ann->is_paused());
}

CAF_TEST(who wants no past does not wait for one) {
  says_at_once(
      {recover("r"), R"({"type":"SUBSCRIBE","room":"s"})",
       R"({"type":"sendMessage","roomId":"t","message":1})"});
  CAF_CHECK_EQUAL(lobby.heard(), (lines{"join r", "join s"}));
  CAF_CHECK_EQUAL(bridge.heard().size(), 1u);
  CAF_CHECK(!ann->is_paused());
}

CAF_TEST(history requests are answered one after the other as they are read) {
  ann->stops_reading();
  says_at_once({history, history, history});
  CAF_CHECK_EQUAL(bridge.heard(), lines{"history r"});
  answers_history(10);
  CAF_CHECK_EQUAL(bridge.heard(), lines{"history r"});
  answers_history(400);
  pass(limits::replay_pause);
  CAF_CHECK_EQUAL(bridge.heard(), lines{});
  ann->reads_again();
  pass(limits::replay_pause);
  CAF_CHECK_EQUAL(bridge.heard(), lines{"history r"});
  CAF_CHECK(!ann->is_paused());
}

CAF_TEST(a refused recovery lets the next one begin) {
  says_at_once({recover("r"), recover("s")});
  lobby.heard();
  tell(ann.handle, refused{name, lobby.last_join().purpose, {error_code::bus_unavailable, "try again"}});
  CAF_CHECK_EQUAL(lobby.heard(), lines{"join s"});
  CAF_CHECK(!ann->is_paused());
}

CAF_TEST(a lost room lets the next recovery begin) {
  says(recover("r"));
  lets_in(page(10, false));
  says(recover("s"));
  lobby.heard();
  tell(ann.handle, room_lost{name});
  CAF_CHECK_EQUAL(lobby.heard(), lines{"join s"});
}

CAF_TEST(leaving a room in the middle of its past lets the next one begin) {
  says(recover("r"));
  lets_in(page(10, false));
  says_at_once({R"({"type":"UNSUBSCRIBE","room":"r"})", recover("s")});
  CAF_CHECK_EQUAL(lobby.heard(), (lines{"join r", "leave r", "join s"}));
  CAF_CHECK(!ann->is_paused());
}

CAF_TEST(a past of which nothing comes is waited for no longer than the patience lasts) {
  says(recover("r"));
  lets_in(page(10, false));
  says(recover("s"));
  lobby.heard();
  for (auto waited = 0ms; waited < limits::past_patience; waited += limits::replay_pause)
    pass(limits::replay_pause);
  CAF_CHECK_EQUAL(lobby.heard(), lines{"join s"});
}

CAF_TEST(the end of a connection that holds a request ends everything) {
  says_at_once({recover("r"), recover("s")});
  ann->goes();
  settle();
  CAF_CHECK_EQUAL(lobby.heard(), (lines{"join r", "leave r disconnect"}));
  CAF_CHECK(!is_alive(ann.handle));
}

CAF_TEST_FIXTURE_SCOPE_END()
