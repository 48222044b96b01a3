#define CAF_SUITE room_presence
#include "actors/room.hpp"
#include "core/limits.hpp"
#include "tests/actors/probes.hpp"

using namespace roomcast;
using namespace roomcast::actors;

namespace {

const std::string ann_there = R"({"id":"ann"})";
const std::string bob_there = R"({"id":"bob"})";

struct fixture : actor_fixture {
  bridge_probe bridge{*this};
  lobby_probe lobby{*this};
  member_probe ann{*this, 1};
  member_probe bob{*this, 2};
  member_probe cleo{*this, 3};
  room_name name = named("r");
  room_actor handle = spawn_room(0s);

  room_actor spawn_room(std::chrono::milliseconds grace) {
    room_options options{1s};
    options.presence_grace = grace;
    return own(room_actor{sys.spawn<room>(unit(), name, bridge.handle, lobby.handle, options)});
  }

  void confirm() { tell(handle, room_notice{attached{bridge.attach().attempt}}); }
  /// The bus answers the latest change.
  void settle_change(bool ok = true, std::vector<std::string> users = {}) {
    const auto count = users.size();
    auto who = std::make_shared<const wire::roster>(wire::roster{count, std::move(users), false});
    tell(handle, room_notice{presence_changed{bridge.change().ticket, ok, std::move(who)}});
  }
  void happen(std::initializer_list<event> list) { tell(handle, events_of(list)); }

  /// A live room with ann as a plain subscriber; nothing heard yet.
  void live() {
    tell(handle, ann.wants(name));
    confirm();
    ann.heard();
    bridge.heard();
  }
  /// `who` is in with a user, and the bus knows it.
  void enter(member_probe& who, const std::string& user) {
    tell(handle, who.wants(name, as_user(user)));
    settle_change(true, {});
    who.heard();
    bridge.heard();
  }
  /// Messages that the room has handled.
  uint64_t handled() {
    uint64_t seen = 0;
    const auto collector = own(sys.spawn([&seen](collector_actor::pointer) -> collector_actor::behavior_type {
      return {
          [&seen](const figures& f) { seen = f.actor.handled; }, [](const cluster_figures&) {},
          [](const expected_answers&) {}, [](const stats_deadline&) {}};
    }));
    tell(handle, room_notice{ask_figures{collector}});
    return seen;
  }
  void expect_retired() {
    pass(1s);
    CAF_CHECK_EQUAL(lobby.heard().size(), 1u);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(room_presence_tests, fixture)

// -- coming ----------------------------------------------------------------------------

CAF_TEST(a join with a user is answered once the bus knows the user) {
  tell(handle, ann.wants(name, as_user("ann")));
  CAF_CHECK_EQUAL(bridge.heard(), lines{"attach r 1"});
  confirm();
  CAF_CHECK_EQUAL(bridge.heard(), lines{R"(change r enter 1 "ann")"});
  CAF_CHECK_EQUAL(ann.heard(), lines{});
  settle_change(true, {ann_there});
  CAF_CHECK_EQUAL(ann.heard(), lines{R"(joined r 1 [{"id":"ann"}])"});
}

CAF_TEST(joins of one moment are one change and see each other) {
  live();
  tell(handle, cleo.wants(name, as_user("cleo")));
  bridge.heard();
  tell(handle, ann.wants(name, as_user("ann")));
  tell(handle, bob.wants(name, as_user("bob")));
  CAF_CHECK_EQUAL(bridge.heard(), lines{});
  settle_change();
  CAF_CHECK_EQUAL(bridge.heard(), lines{R"(change r enter 1 "ann" enter 2 "bob")"});
  CAF_CHECK_EQUAL(bob.heard(), lines{});
  settle_change(true, {ann_there, bob_there});
  CAF_CHECK_EQUAL(ann.heard(), lines{R"(joined r 2 [{"id":"ann"}{"id":"bob"}])"});
  CAF_CHECK_EQUAL(bob.heard(), lines{R"(joined r 2 [{"id":"ann"}{"id":"bob"}])"});
}

CAF_TEST(what happens between the change and its answer follows the answer) {
  live();
  happen({{"before"}});
  tell(handle, bob.wants(name, as_user("bob")));
  happen({{"meanwhile"}, {"own notice", bob.id}});
  settle_change(true, {bob_there});
  happen({{"after"}});
  CAF_CHECK_EQUAL(bob.heard(), (lines{R"(joined r 1 [{"id":"bob"}])", "meanwhile", "after"}));
  CAF_CHECK_EQUAL(ann.heard(), (lines{"before", "meanwhile", "own notice", "after"}));
}

CAF_TEST(it comes once also where events wait for a batch in flight) {
  live();
  ann.hold_deliveries();
  happen({{"1"}});
  happen({{"2"}});
  tell(handle, bob.wants(name, as_user("bob")));
  happen({{"3"}});
  settle_change();
  happen({{"4"}});
  ann.let_go();
  settle();
  CAF_CHECK_EQUAL(bob.heard(), (lines{"joined r 0 []", "3", "4"}));
  CAF_CHECK_EQUAL(ann.heard(), (lines{"1", "2", "3", "4"}));
}

CAF_TEST(a member that becomes a user has heard everything and hears it once) {
  live();
  tell(handle, ann.wants(name, as_user("ann")));
  happen({{"meanwhile"}});
  settle_change(true, {ann_there});
  CAF_CHECK_EQUAL(ann.heard(), (lines{"meanwhile", R"(joined r 1 [{"id":"ann"}])"}));
}

CAF_TEST(events that flood an unanswered join refuse it) {
  live();
  tell(handle, bob.wants(name, as_user("bob")));
  const std::string large(limits::max_meanwhile_bytes / 2, 'x');
  happen({{large}});
  CAF_CHECK_EQUAL(bob.heard(), lines{});
  happen({{large}});
  CAF_CHECK_EQUAL(bob.heard(), lines{"refused r bus_unavailable"});
  bridge.heard();
  settle_change();
  CAF_CHECK_EQUAL(bridge.heard(), lines{"change r whole last"});
}

// -- going -------------------------------------------------------------------------------

CAF_TEST(a user who leaves departs with the reason) {
  live();
  enter(bob, "bob");
  enter(cleo, "cleo");
  tell(handle, bob.leaves(name, bob_there));
  CAF_CHECK_EQUAL(bridge.heard(), lines{"change r depart 2"});
  settle_change();
  tell(handle, cleo.leaves(name, "", "disconnect"));
  CAF_CHECK_EQUAL(bridge.heard(), lines{"change r depart 3 disconnect last"});
}

CAF_TEST(who leaves before the answer departs and is not admitted) {
  live();
  tell(handle, bob.wants(name, as_user("bob")));
  bridge.heard();
  tell(handle, bob.leaves(name));
  settle_change();
  CAF_CHECK_EQUAL(bob.heard(), lines{});
  CAF_CHECK_EQUAL(bridge.heard(), lines{"change r depart 2 last"});
}

CAF_TEST(an exit with a user by a member who joined without is announced) {
  live();
  tell(handle, ann.leaves(name, R"({"id":"x"})"));
  CAF_CHECK_EQUAL(bridge.heard(), lines{R"(publish r {"type":"exit","roomId":"r","user":{"id":"x"}})"});
}

CAF_TEST(an exit by somebody who is no member is ignored) {
  live();
  tell(handle, bob.leaves(name, R"({"id":"x"})"));
  CAF_CHECK_EQUAL(bridge.heard(), lines{});
}

CAF_TEST(plain subscribers come and go unannounced) {
  live();
  tell(handle, bob.wants(name));
  tell(handle, bob.leaves(name, "", "disconnect"));
  CAF_CHECK_EQUAL(bridge.heard(), lines{});
}

CAF_TEST(a room lingers and retires only when the bus knows that it is empty) {
  tell(handle, ann.wants(name, as_user("ann")));
  confirm();
  settle_change();
  tell(handle, ann.leaves(name));
  pass(5s);
  CAF_CHECK_EQUAL(lobby.heard(), lines{});
  settle_change();
  expect_retired();
}

CAF_TEST(with a grace a broken connection departs later and the room waits for it) {
  handle = spawn_room(10s);
  tell(handle, ann.wants(name, as_user("ann")));
  confirm();
  settle_change();
  bridge.heard();
  tell(handle, ann.leaves(name, "", "disconnect"));
  pass(10s - 1ms);
  CAF_CHECK_EQUAL(bridge.heard(), lines{});
  CAF_CHECK_EQUAL(lobby.heard(), lines{});
  pass(1ms);
  CAF_CHECK_EQUAL(bridge.heard(), lines{"change r depart 1 disconnect last"});
  settle_change();
  expect_retired();
}

CAF_TEST(hurry ends the grace) {
  handle = spawn_room(10s);
  tell(handle, ann.wants(name, as_user("ann")));
  confirm();
  settle_change();
  tell(handle, ann.leaves(name, "", "disconnect"));
  bridge.heard();
  tell(handle, room_notice{hurry{}});
  CAF_CHECK_EQUAL(bridge.heard(), lines{"change r depart 1 disconnect last"});
  settle_change();
  CAF_CHECK_EQUAL(lobby.heard(), lines{"retire r 1"});
}

CAF_TEST(a room in a hurry does not wait for a bus that is away) {
  live();
  enter(ann, "ann");
  tell(handle, room_notice{bus_lost{}});
  tell(handle, ann.leaves(name));
  pass(5s);
  CAF_CHECK_EQUAL(lobby.heard(), lines{});
  tell(handle, room_notice{hurry{}});
  CAF_CHECK_EQUAL(lobby.heard().size(), 1u);
}

CAF_TEST(a room that fails leaves nobody behind) {
  live();
  enter(bob, "bob");
  crash(handle);
  CAF_CHECK_EQUAL(bridge.heard(), (lines{"change r whole last", "detach r"}));
}

// -- what fails ----------------------------------------------------------------------------

CAF_TEST(a join whose change failed is refused and said again without it) {
  live();
  enter(ann, "ann");
  tell(handle, bob.wants(name, as_user("bob")));
  bridge.heard();
  settle_change(false);
  CAF_CHECK_EQUAL(bob.heard(), lines{"refused r bus_unavailable"});
  CAF_CHECK_EQUAL(bridge.heard(), lines{});
  pass(limits::presence_retry);
  CAF_CHECK_EQUAL(bridge.heard(), lines{R"(change r whole enter 1 "ann")"});
}

CAF_TEST(a lost bus refuses who waits for it and hears everything when it is back) {
  live();
  enter(ann, "ann");
  enter(bob, "bob");
  tell(handle, cleo.wants(name, as_user("cleo")));
  bridge.heard();
  tell(handle, room_notice{bus_lost{}});
  CAF_CHECK_EQUAL(cleo.heard(), lines{"refused r bus_unavailable"});
  settle_change(false);
  tell(handle, bob.leaves(name, "", "disconnect"));
  CAF_CHECK_EQUAL(bridge.heard(), lines{});
  confirm();
  CAF_CHECK_EQUAL(bridge.heard(), lines{R"(change r whole enter 1 "ann")"});
}

CAF_TEST(a change that failed with the bus waits for the bus and not for a time) {
  live();
  enter(ann, "ann");
  tell(handle, bob.wants(name, as_user("bob")));
  tell(handle, room_notice{bus_lost{}});
  settle_change(false);
  bridge.heard();
  const auto before = handled();
  for (int i = 0; i < 100; ++i) pass(100ms);
  CAF_CHECK(handled() <= before + 2); // the other: this question
  confirm();
  CAF_CHECK_EQUAL(bridge.heard(), lines{R"(change r whole enter 1 "ann")"});
}

CAF_TEST(a grace ends while the bus is away) {
  handle = spawn_room(10s);
  live();
  enter(bob, "bob");
  tell(handle, room_notice{bus_lost{}});
  tell(handle, bob.leaves(name, "", "disconnect"));
  pass(10s);
  confirm();
  CAF_CHECK_EQUAL(bridge.heard(), lines{"change r whole last"});
}

CAF_TEST(a bus that has forgotten us hears everything) {
  live();
  tell(handle, room_notice{presence_lost{}});
  CAF_CHECK_EQUAL(bridge.heard(), lines{});
  enter(ann, "ann");
  tell(handle, room_notice{presence_lost{}});
  CAF_CHECK_EQUAL(bridge.heard(), lines{R"(change r whole enter 1 "ann")"});
}

CAF_TEST(an answer to another change is ignored) {
  live();
  tell(handle, bob.wants(name, as_user("bob")));
  tell(handle, room_notice{presence_changed{bridge.change().ticket + 1, true, {}}});
  CAF_CHECK_EQUAL(bob.heard(), lines{});
}

CAF_TEST_FIXTURE_SCOPE_END()
