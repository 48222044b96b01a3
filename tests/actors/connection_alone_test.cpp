#define CAF_SUITE connection_alone
#include "tests/actors/lone_connection.hpp"

namespace {

/// A message of about `size` bytes.
std::string message_of(size_t size) {
  return R"({"type":"sendMessage","roomId":"r","message":")" + std::string(size, 'x') + "\"}";
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(connection_alone_tests, lone_fixture)

CAF_TEST(a request for a room that is being joined waits and stops the reading) {
  ann->says_at_once(
      {R"({"type":"SUBSCRIBE","room":"r"})", R"({"type":"sendMessage","roomId":"r","message":1})",
       R"({"type":"sendMessage","roomId":"other","message":2})"});
  settle();
  CAF_CHECK(ann->is_paused());
  CAF_CHECK_EQUAL(ann->unread(), 1u);
  CAF_CHECK_EQUAL(bridge.heard(), lines{});
  let_in();
  CAF_CHECK(!ann->is_paused());
  CAF_CHECK_EQUAL(
      bridge.heard(), (lines{
                          R"(publish r {"type":"sendMessage","roomId":"r","message":1})",
                          R"(publish other {"type":"sendMessage","roomId":"other","message":2})"}));
}

CAF_TEST(a request for another room does not wait) {
  says(R"({"type":"SUBSCRIBE","room":"r"})");
  says(R"({"type":"sendMessage","roomId":"other","message":2})");
  CAF_CHECK_EQUAL(bridge.heard().size(), 1u);
  CAF_CHECK(!ann->is_paused());
}

CAF_TEST(what waited goes on after a refusal too) {
  says(R"({"type":"SUBSCRIBE","room":"r","id":1})");
  says(R"({"type":"UNSUBSCRIBE","room":"r","id":2})");
  tell(ann.handle, refused{name, lobby.last_join().purpose, {error_code::bus_unavailable, "try again"}});
  CAF_CHECK_EQUAL(
      ann->heard(),
      (lines{
          R"({"type":"error","code":"bus_unavailable","message":"try again","id":1,"room":"r"})",
          R"({"type":"ack","id":2,"room":"r"})"}));
  CAF_CHECK(!ann->is_paused());
  CAF_CHECK_EQUAL(lobby.heard(), lines{"join r"}); // no member, nothing to leave
}

CAF_TEST(joins and leaves of a room that wait for each other keep their order) {
  ann->says_at_once(
      {R"({"type":"SUBSCRIBE","room":"r","id":1})", R"({"type":"UNSUBSCRIBE","room":"r","id":2})",
       R"({"type":"SUBSCRIBE","room":"r","id":3})", R"({"type":"UNSUBSCRIBE","room":"r","id":4})"});
  settle();
  let_in();
  CAF_CHECK_EQUAL(
      ann->heard(), (lines{R"({"type":"ack","id":1,"room":"r"})", R"({"type":"ack","id":2,"room":"r"})"}));
  CAF_CHECK(ann->is_paused());
  let_in();
  CAF_CHECK_EQUAL(
      ann->heard(), (lines{R"({"type":"ack","id":3,"room":"r"})", R"({"type":"ack","id":4,"room":"r"})"}));
  CAF_CHECK_EQUAL(lobby.heard(), (lines{"join r", "leave r", "join r", "leave r"}));
  CAF_CHECK(!ann->is_paused());
}

CAF_TEST(a refused repetition of a join keeps the membership) {
  enter_room();
  says(R"({"type":"SUBSCRIBE","room":"r"})");
  CAF_CHECK(lobby.last_join().slot == member_slot{4});
  tell(ann.handle, refused{name, {}, {error_code::bus_unavailable, "try again"}});
  ann->heard();
  deliver_to_ann({{"{}"}}, name);
  CAF_CHECK_EQUAL(ann->heard(), lines{"{}"});
}

CAF_TEST(only members publish and ask where that is the rule) {
  const connection_services strict{lobby.handle, bridge.ring(), {255, 32}, 2, limits::max_queue_bytes,
                                   true,         draining};
  auto eve = connect(*this, strict, 7);
  for (const char* text :
       {R"({"type":"sendMessage","roomId":"r","message":1,"id":1})",
        R"({"type":"presence","room":"r","id":1})"}) {
    eve->says(text);
    settle();
    CAF_CHECK_EQUAL(
        eve->heard(),
        lines{R"({"type":"error","code":"not_member","message":"join the room first","id":1,"room":"r"})"});
  }
  CAF_CHECK_EQUAL(bridge.heard(), lines{});
  eve->goes();
  settle();
}

CAF_TEST(a publish goes to the bridge of its room) {
  const bridge_probe other{*this};
  const bridge_ring both{{{"a:1/0", bridge.handle}, {"b:1/0", other.handle}}};
  const connection_services two{lobby.handle, both, {255, 32}, 2, limits::max_queue_bytes, false, draining};
  auto eve = connect(*this, two, 7);
  size_t there = 0;
  for (int i = 0; i < 20; ++i) {
    const auto room = "r" + std::to_string(i);
    there += both.of(named(room)) == other.handle;
    eve->says(R"({"type":"sendMessage","roomId":")" + room + R"(","message":1})");
    settle();
  }
  CAF_CHECK_GREATER(there, 0u);
  CAF_CHECK_EQUAL(other.publishes().size(), there);
  CAF_CHECK_EQUAL(bridge.publishes().size(), 20 - there);
  for (const auto& p : other.publishes()) CAF_CHECK(both.of(p.room) == other.handle);
  eve->goes();
  settle();
}

CAF_TEST(too much unsettled stops the reading until answers come) {
  const auto text = message_of(60'000);
  ann->says_at_once({text, text, text, text, text, text});
  settle();
  CAF_CHECK(ann->is_paused());
  CAF_CHECK_EQUAL(ann->unread(), 1u); // five are over 256 KiB
  std::vector<bool> asked;
  for (const auto& p : bridge.publishes()) asked.push_back(p.answer);
  CAF_CHECK_EQUAL(asked, (std::vector<bool>{false, true, false, true, false})); // each 64 KiB
  const auto& second = bridge.publishes()[1];
  tell(ann.handle, published{second.room, {}, second.settled, publish_outcome::taken});
  CAF_CHECK(!ann->is_paused());
  CAF_CHECK_EQUAL(ann->unread(), 0u);
  CAF_CHECK_EQUAL(ann->heard(), lines{}); // nobody had asked for an answer
}

CAF_TEST(publishes without answer are bounded in number however small they are) {
  constexpr auto most = limits::stop_reading_bytes / limits::publish_overhead_bytes;
  for (size_t i = 0; i < most + 10; ++i) ann->says(R"({"type":"sendMessage","roomId":"r","message":1})");
  settle();
  CAF_CHECK(ann->is_paused());
  CAF_CHECK_LESS_OR_EQUAL(bridge.publishes().size(), most);
  const auto& last = bridge.publishes().back();
  tell(ann.handle, published{last.room, {}, last.settled, publish_outcome::taken});
  CAF_CHECK(!ann->is_paused());
  CAF_CHECK_EQUAL(bridge.publishes().size(), most + 10);
}

CAF_TEST(what became of a publish is told) {
  says(R"({"type":"publish","room":"r","message":1,"id":1})");
  const auto& sent = bridge.publishes().back();
  CAF_CHECK(sent.answer);
  tell(ann.handle, published{name, "1", sent.settled, publish_outcome::taken});
  tell(ann.handle, published{name, "2", sent.settled, publish_outcome::unavailable});
  tell(ann.handle, published{name, "", sent.settled, publish_outcome::unknown});
  CAF_CHECK_EQUAL(
      ann->heard(),
      (lines{
          R"({"type":"ack","id":1,"room":"r"})",
          R"({"type":"error","code":"bus_unavailable","message":"the message was not taken; send it again","id":2,"room":"r"})",
          R"({"type":"error","code":"bus_unavailable","message":"no answer from the bus: the message may or may not arrive","room":"r"})"}));
}

CAF_TEST(deliveries of a room that was left are dropped) {
  enter_room();
  deliver_to_ann({{"1"}}, name);
  says(R"({"type":"UNSUBSCRIBE","room":"r"})");
  deliver_to_ann({{"2"}}, name);
  CAF_CHECK_EQUAL(ann->heard(), lines{"1"});
}

CAF_TEST(deliveries of the former life of a room are dropped) {
  enter_room();
  deliver_to_ann({{"1"}}, named("r"));
  CAF_CHECK_EQUAL(ann->heard(), lines{});
}

CAF_TEST(a batch without anything for this member writes nothing) {
  enter_room();
  deliver_to_ann({{"1", connection_id{1}}}, name);
  CAF_CHECK_EQUAL(ann->heard(), lines{});
}

CAF_TEST(the end of the session leaves rooms that are still being joined) {
  enter_room();
  says(R"({"type":"SUBSCRIBE","room":"s"})");
  ann->goes();
  settle();
  CAF_CHECK_EQUAL(lobby.heard(), (lines{"join s", "leave r disconnect", "leave s disconnect"}));
  CAF_CHECK(lobby.last_leave().slot == no_slot);
  CAF_CHECK(ann->is_aborted());
}

CAF_TEST(a lost room is told and joined again by the next request) {
  enter_room();
  tell(ann.handle, room_lost{name});
  const auto heard = ann->heard();
  CAF_REQUIRE_EQUAL(heard.size(), 1u);
  CAF_CHECK(heard[0].starts_with(R"({"type":"error","code":"internal")"));
  says(R"({"type":"SUBSCRIBE","room":"r"})");
  CAF_CHECK_EQUAL(lobby.heard(), lines{"join r"});
  CAF_CHECK(lobby.last_join().slot == no_slot);
}

CAF_TEST(a lost room of others concerns nobody else) {
  tell(ann.handle, room_lost{name});
  CAF_CHECK_EQUAL(ann->heard(), lines{});
}

CAF_TEST(a member of the next life of a room stays when the former is reported lost) {
  enter_room();
  tell(ann.handle, room_lost{named("r")});
  CAF_CHECK_EQUAL(ann->heard(), lines{});
  deliver_to_ann({{"1"}}, name);
  CAF_CHECK_EQUAL(ann->heard(), lines{"1"});
}

CAF_TEST(a join that was given up is taken back when it succeeds after all) {
  says(R"({"type":"SUBSCRIBE","room":"r"})");
  tell(ann.handle, room_lost{named("r")});
  let_in();
  CAF_CHECK_EQUAL(lobby.heard(), (lines{"join r", "leave r disconnect"}));
  CAF_CHECK(lobby.last_leave().slot == member_slot{4});
}

CAF_TEST(two answers to one join leave one seat) {
  says(R"({"type":"SUBSCRIBE","room":"r"})");
  tell(ann.handle, room_lost{named("r")});
  says(R"({"type":"SUBSCRIBE","room":"r"})");
  lobby.heard();
  let_in();
  tell(ann.handle, joined{name, member_slot{5}, {}, {}});
  CAF_CHECK_EQUAL(lobby.heard(), lines{"leave r disconnect"});
  CAF_CHECK(lobby.last_leave().slot == member_slot{5});
}

CAF_TEST(closing sends code and reason and ends the actor when the client has answered) {
  tell(ann.handle, close_connection{close_code::service_restart, "retry-ms=7"});
  CAF_CHECK(ann->closed_with() == close_code::service_restart);
  CAF_CHECK_EQUAL(ann->close_reason(), "retry-ms=7");
  CAF_CHECK(!is_alive(ann.handle));
}

CAF_TEST(a connection that is told to close before its first turn closes) {
  auto far = std::make_shared<far_end>(host().thread());
  const connection_actor eve = sys.spawn<connection>(
      std::ref(host()), std::cref(services), std::make_unique<fake_session>(far), connection_id{7},
      std::cref(wire::rooms_dialect()));
  tell(eve, close_connection{close_code::service_restart, "retry-ms=7"});
  CAF_CHECK(far->closed_with() == close_code::service_restart);
  CAF_CHECK(!is_alive(eve));
}

CAF_TEST(closing without a reason says that of the code) {
  tell(ann.handle, close_connection{close_code::going_away, ""});
  CAF_CHECK_EQUAL(ann->close_reason(), std::string{info(close_code::going_away).reason});
}

CAF_TEST_FIXTURE_SCOPE_END()
