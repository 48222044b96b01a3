#define CAF_SUITE connection
#include "actors/connection.hpp"

#include "actors/lobby.hpp"
#include "actors/local_bridge.hpp"
#include "core/limits.hpp"
#include "tests/actors/fake_session.hpp"
#include "tests/actors/probes.hpp"

using namespace roomcast;
using namespace roomcast::actors;

namespace {

/// With a real lobby, real rooms and the bus of a single node.
struct node_fixture : actor_fixture {
  std::atomic<bool> ready{false};
  std::atomic<bool> draining{false};
  std::atomic<uint64_t> rooms{0};
  bridge_actor bridge = own(bridge_actor{sys.spawn<local_bridge>(unit(), room_options{1s}, std::ref(ready))});
  bridge_ring bridges{std::vector<bridge_ring::server>{{"", bridge}}};
  lobby_actor lobby_handle =
      own(lobby_actor{sys.spawn<lobby>(hosts(), std::cref(bridges), room_options{1s}, std::ref(rooms))});
  connection_services services{lobby_handle, bridges, {255, 32}, 3, limits::max_queue_bytes, false, draining};
  client ann = connect(*this, services, 1);
  client bob = connect(*this, services, 2);

  ~node_fixture() override { end_all(); }

  lines ask(client& who, std::string text) {
    who->says(std::move(text));
    settle();
    return who->heard();
  }
  void both_in(std::string_view room) {
    for (auto* c : {&ann, &bob}) ask(*c, R"({"type":"SUBSCRIBE","room":")" + std::string{room} + "\"}");
  }
};

} // namespace

// -- what a client gets ----------------------------------------------------------------

CAF_TEST_FIXTURE_SCOPE(whole_node, node_fixture)

CAF_TEST(requests without an id are silent when they succeed) {
  CAF_CHECK_EQUAL(ask(ann, R"({"type":"SUBSCRIBE","room":"r"})"), lines{});
  CAF_CHECK_EQUAL(ask(ann, R"({"type":"UNSUBSCRIBE","room":"r"})"), lines{});
}

CAF_TEST(an id asks for an answer) {
  CAF_CHECK_EQUAL(
      ask(ann, R"({"type":"SUBSCRIBE","room":"r","id":1})"), lines{R"({"type":"ack","id":1,"room":"r"})"});
  CAF_CHECK_EQUAL(
      ask(ann, R"({"type":"SUBSCRIBE","room":"r","id":"again"})"),
      lines{R"({"type":"ack","id":"again","room":"r"})"});
  CAF_CHECK_EQUAL(
      ask(ann, R"({"type":"UNSUBSCRIBE","room":"r","id":2})"), lines{R"({"type":"ack","id":2,"room":"r"})"});
  CAF_CHECK_EQUAL(
      ask(ann, R"({"type":"UNSUBSCRIBE","room":"r","id":3})"), lines{R"({"type":"ack","id":3,"room":"r"})"});
}

CAF_TEST(a message reaches all members and the sender too) {
  both_in("r");
  CAF_CHECK_EQUAL(
      ask(ann, R"({"type":"SEND_MESSAGE","room":"r","message":{"a": 1}})"),
      lines{R"({"type":"SEND_MESSAGE","roomId":"r","message":{"a": 1}})"});
  CAF_CHECK_EQUAL(bob->heard(), lines{R"({"type":"SEND_MESSAGE","roomId":"r","message":{"a": 1}})"});
}

CAF_TEST(the sender need not be a member) {
  ask(bob, R"({"type":"SUBSCRIBE","room":"r"})");
  CAF_CHECK_EQUAL(
      ask(ann, R"({"type":"publish","room":"r","message":1,"id":9})"),
      lines{R"({"type":"ack","id":9,"room":"r"})"});
  CAF_CHECK_EQUAL(bob->heard(), lines{R"({"type":"publish","roomId":"r","message":1})"});
}

CAF_TEST(chat carries its user) {
  both_in("r");
  const auto text = R"({"type":"chat","roomId":"r","user":{"id":"a"},"message":"hi"})";
  CAF_CHECK_EQUAL(ask(ann, text), lines{text});
  CAF_CHECK_EQUAL(bob->heard(), lines{text});
}

CAF_TEST(create answers with the room and makes one up where it has no name) {
  CAF_CHECK_EQUAL(
      ask(ann, R"({"type":"create","roomId":"r","user":{"id":"a"},"id":1})"),
      lines{R"({"type":"create","roomId":"r","user":{"id":"a"},"id":1})"});
  const auto heard = ask(bob, R"({"type":"create","user":{"id":"b"}})");
  CAF_REQUIRE_EQUAL(heard.size(), 1u);
  CAF_CHECK(heard[0].starts_with(R"({"type":"create","roomId":")"));
  CAF_CHECK(heard[0].ends_with(R"(","user":{"id":"b"}})"));
  CAF_CHECK_EQUAL(
      heard[0].size(), std::string{R"({"type":"create","roomId":"","user":{"id":"b"}})"}.size() + 36);
}

CAF_TEST(join tells the joiner who is there and the others who came) {
  CAF_CHECK_EQUAL(
      ask(ann, R"({"type":"join","roomId":"r","user":{"id":"a"}})"),
      lines{R"({"type":"joined","roomId":"r","count":1,"users":[{"id":"a"}]})"});
  CAF_CHECK_EQUAL(
      ask(bob, R"({"type":"join","roomId":"r","user":{"id":"b"},"id":2})"),
      lines{R"({"type":"joined","roomId":"r","count":2,"users":[{"id":"a"},{"id":"b"}],"id":2})"});
  CAF_CHECK_EQUAL(ann->heard(), lines{R"({"type":"join","roomId":"r","user":{"id":"b"}})"});
  CAF_CHECK_EQUAL(
      ask(ann, R"({"type":"presence","room":"r"})"),
      lines{R"({"type":"presence","room":"r","count":2,"users":[{"id":"a"},{"id":"b"}]})"});
  CAF_CHECK_EQUAL(
      ask(ann, R"({"type":"exit","roomId":"r","user":{"id":"a"},"id":3})"),
      lines{R"({"type":"ack","id":3,"room":"r"})"});
  CAF_CHECK_EQUAL(bob->heard(), lines{R"({"type":"exit","roomId":"r","user":{"id":"a"}})"});
}

CAF_TEST(a dropped connection leaves its rooms with a reason) {
  ask(ann, R"({"type":"join","roomId":"r","user":{"id":"a"}})");
  ask(bob, R"({"type":"SUBSCRIBE","room":"r"})");
  ann->goes(close_code::abnormal);
  settle();
  CAF_CHECK_EQUAL(
      bob->heard(), lines{R"({"type":"exit","roomId":"r","user":{"id":"a"},"reason":"disconnect"})"});
  CAF_CHECK(!is_alive(ann.handle));
  CAF_CHECK(ann->is_destroyed());
  CAF_CHECK_EQUAL(host().counted().connections, 1u);
}

CAF_TEST(ping is answered) {
  CAF_CHECK_EQUAL(ask(ann, R"({"type":"ping"})"), lines{R"({"type":"pong"})"});
  CAF_CHECK_EQUAL(ask(ann, R"({"type":"ping","id":null})"), lines{R"({"type":"pong","id":null})"});
}

CAF_TEST(a bad request is answered and changes nothing) {
  const auto heard = ask(ann, R"({"type":"dance","id":5})");
  CAF_REQUIRE_EQUAL(heard.size(), 1u);
  CAF_CHECK(heard[0].starts_with(R"({"type":"error","code":"unknown_type")"));
  CAF_CHECK(heard[0].ends_with(R"("id":5})"));
  CAF_CHECK_EQUAL(ask(ann, R"({"type":"ping"})"), lines{R"({"type":"pong"})"});
}

CAF_TEST(a pipelined subscribe and publish sees its own message) {
  ann->says_at_once(
      {R"({"type":"SUBSCRIBE","room":"r","id":1})", R"({"type":"sendMessage","roomId":"r","message":1})"});
  settle();
  CAF_CHECK_EQUAL(
      ann->heard(),
      (lines{R"({"type":"ack","id":1,"room":"r"})", R"({"type":"sendMessage","roomId":"r","message":1})"}));
}

CAF_TEST(pipelined joins and leaves are answered in order) {
  ann->says_at_once(
      {R"({"type":"SUBSCRIBE","room":"r","id":1})", R"({"type":"UNSUBSCRIBE","room":"r","id":2})",
       R"({"type":"SUBSCRIBE","room":"r","id":3})", R"({"type":"sendMessage","roomId":"r","message":1})"});
  settle();
  CAF_CHECK_EQUAL(
      ann->heard(),
      (lines{
          R"({"type":"ack","id":1,"room":"r"})", R"({"type":"ack","id":2,"room":"r"})",
          R"({"type":"ack","id":3,"room":"r"})", R"({"type":"sendMessage","roomId":"r","message":1})"}));
  CAF_CHECK(!ann->is_paused());
}

CAF_TEST(too many rooms are refused and pending joins count) {
  ann->says_at_once(
      {R"({"type":"SUBSCRIBE","room":"a"})", R"({"type":"SUBSCRIBE","room":"b"})",
       R"({"type":"SUBSCRIBE","room":"c"})", R"({"type":"SUBSCRIBE","room":"d","id":4})"});
  settle();
  CAF_CHECK_EQUAL(
      ann->heard(),
      lines{
          R"({"type":"error","code":"too_many_rooms","message":"at most 3 rooms per connection","id":4,"room":"d"})"});
  ask(ann, R"({"type":"UNSUBSCRIBE","room":"a"})");
  CAF_CHECK_EQUAL(
      ask(ann, R"({"type":"SUBSCRIBE","room":"d","id":5})"), lines{R"({"type":"ack","id":5,"room":"d"})"});
}

CAF_TEST(a draining node takes no joins) {
  draining = true;
  CAF_CHECK_EQUAL(
      ask(ann, R"({"type":"SUBSCRIBE","room":"r","id":1})"),
      lines{
          R"({"type":"error","code":"draining","message":"this node is draining; reconnect to another one","id":1,"room":"r"})"});
}

CAF_TEST(traffic is counted) {
  both_in("r");
  ask(ann, R"({"type":"sendMessage","roomId":"r","message":1})");
  const auto size = std::string{R"({"type":"sendMessage","roomId":"r","message":1})"}.size();
  CAF_CHECK_EQUAL(host().counted().messages_in, 3u);
  CAF_CHECK_EQUAL(host().counted().messages_out, 2u);
  CAF_CHECK_EQUAL(host().counted().bytes_out, 2 * (size + 2));
  CAF_CHECK_EQUAL(host().counted().connections, 2u);
}

CAF_TEST(a connection lives on without anybody holding its handle) {
  auto eve = connect(*this, services, 3);
  eve.handle = nullptr;
  settle();
  CAF_CHECK_EQUAL(ask(eve, R"({"type":"ping"})"), lines{R"({"type":"pong"})"});
}

CAF_TEST_FIXTURE_SCOPE_END()
