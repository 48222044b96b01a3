#define CAF_SUITE room
#include "actors/room.hpp"

#include "core/limits.hpp"
#include "tests/actors/probes.hpp"

using namespace roomcast;
using namespace roomcast::actors;

namespace {

struct fixture : actor_fixture {
  bridge_probe bridge{*this};
  lobby_probe lobby{*this};
  member_probe ann{*this, 1};
  member_probe bob{*this, 2};
  room_name name = named("r");
  room_actor handle = own(sys.spawn<room>(unit(), name, bridge.handle, lobby.handle, room_options{1s}));

  void confirm() { tell(handle, room_notice{attached{bridge.attach().attempt}}); }
  void happen(std::initializer_list<event> list) { tell(handle, events_of(list)); }

  /// A live room with these members, nothing heard yet.
  void live_with(std::initializer_list<member_probe*> members) {
    for (auto* m : members) tell(handle, m->wants(name));
    confirm();
    for (auto* m : members) m->heard();
    bridge.heard();
  }

  std::string state() {
    std::string out;
    auto collector = own(sys.spawn([&out](collector_actor::pointer) -> collector_actor::behavior_type {
      return {
          [&out](const figures& f) { out = f.actor.state; }, [](const cluster_figures&) {},
          [](const expected_answers&) {}, [](const stats_deadline&) {}};
    }));
    tell(handle, room_notice{ask_figures{collector}});
    crash(collector);
    return out;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(room_tests, fixture)

// -- joining ---------------------------------------------------------------------

CAF_TEST(the first join attaches and is answered once the bus has confirmed) {
  tell(handle, ann.wants(name));
  tell(handle, bob.wants(name));
  CAF_CHECK_EQUAL(bridge.heard(), lines{"attach r 1"});
  CAF_CHECK_EQUAL(ann.heard(), lines{});
  confirm();
  CAF_CHECK_EQUAL(ann.heard(), lines{"joined r"});
  CAF_CHECK_EQUAL(bob.heard(), lines{"joined r"});
  CAF_CHECK(ann.instance().same_instance(name));
  CAF_CHECK(ann.slot() != bob.slot());
}

CAF_TEST(a join of a live room is answered at once) {
  live_with({&ann});
  tell(handle, bob.wants(name));
  CAF_CHECK_EQUAL(bob.heard(), lines{"joined r"});
  CAF_CHECK_EQUAL(bridge.heard(), lines{});
}

CAF_TEST(a confirmation of an earlier attempt is void) {
  tell(handle, ann.wants(name));
  tell(handle, room_notice{attach_refused{1}});
  tell(handle, ann.wants(name));
  CAF_CHECK_EQUAL(bridge.heard(), (lines{"attach r 1", "attach r 2"}));
  tell(handle, room_notice{attached{1}});
  CAF_CHECK_EQUAL(ann.heard(), lines{"refused r bus_unavailable"});
  tell(handle, room_notice{attached{2}});
  CAF_CHECK_EQUAL(ann.heard(), lines{"joined r"});
}

CAF_TEST(a refusal of an earlier attempt is void) {
  tell(handle, ann.wants(name));
  tell(handle, room_notice{attach_refused{1}});
  tell(handle, bob.wants(name));
  tell(handle, room_notice{attach_refused{1}});
  CAF_CHECK_EQUAL(bob.heard(), lines{});
}

CAF_TEST(who leaves while waiting is not admitted and the empty room lingers) {
  tell(handle, ann.wants(name));
  tell(handle, ann.leaves(name));
  confirm();
  CAF_CHECK_EQUAL(ann.heard(), lines{});
  CAF_CHECK_EQUAL(state(), "lingering");
}

CAF_TEST(who leaves while its answer is on the way is found without a slot) {
  live_with({&ann, &bob});
  tell(handle, leave{ann.id, name, no_slot, {}, {}});
  happen({{"{}"}});
  CAF_CHECK_EQUAL(ann.heard(), lines{});
  CAF_CHECK_EQUAL(bob.heard(), lines{"{}"});
}

CAF_TEST(seats at the end go when they are free) {
  member_probe eve{*this, 3};
  live_with({&ann, &bob, &eve});
  tell(handle, bob.leaves(name));
  tell(handle, eve.leaves(name));
  tell(handle, eve.wants(name));
  CAF_CHECK(eve.slot() == member_slot{1});
  tell(handle, bob.wants(name));
  CAF_CHECK(bob.slot() == member_slot{2});
  ann.heard(), bob.heard(), eve.heard();
  happen({{"{}"}});
  for (auto* each : {&ann, &bob, &eve}) CAF_CHECK_EQUAL(each->heard(), lines{"{}"});
}

CAF_TEST(a repeated join keeps the one seat) {
  live_with({&ann});
  tell(handle, ann.wants(name));
  CAF_CHECK_EQUAL(ann.heard(), lines{"joined r"});
  happen({{"{}"}});
  CAF_CHECK_EQUAL(ann.heard(), lines{"{}"});
  tell(handle, ann.leaves(name));
  CAF_CHECK_EQUAL(state(), "lingering");
}

CAF_TEST(a free seat is taken by the next and the old slot is worth nothing) {
  live_with({&ann});
  const auto slot = ann.slot();
  tell(handle, ann.leaves(name));
  tell(handle, bob.wants(name));
  CAF_CHECK(bob.slot() == slot);
  tell(handle, leave{ann.id, name, slot, {}, {}});
  happen({{"{}"}});
  CAF_CHECK_EQUAL(bob.heard(), (lines{"joined r", "{}"}));
}

CAF_TEST(a refused attach refuses all who wait and retires) {
  tell(handle, ann.wants(name));
  tell(handle, bob.wants(name));
  tell(handle, room_notice{attach_refused{1}});
  CAF_CHECK_EQUAL(ann.heard(), lines{"refused r bus_unavailable"});
  CAF_CHECK_EQUAL(bob.heard(), lines{"refused r bus_unavailable"});
  CAF_CHECK_EQUAL(lobby.heard(), lines{"retire r 2"});
  tell(handle, room_notice{retire_ok{}});
  CAF_CHECK(!is_alive(handle));
  CAF_CHECK_EQUAL(bridge.heard(), lines{"attach r 1"}); // nothing to detach
}

CAF_TEST(joins without confirmation are refused after five seconds) {
  tell(handle, ann.wants(name));
  pass(limits::join_timeout - 1ms);
  CAF_CHECK_EQUAL(ann.heard(), lines{});
  pass(1ms);
  CAF_CHECK_EQUAL(ann.heard(), lines{"refused r bus_unavailable"});
  CAF_CHECK_EQUAL(bridge.heard(), (lines{"attach r 1", "detach r"}));
  CAF_CHECK_EQUAL(lobby.heard(), lines{"retire r 1"});
}

CAF_TEST(a confirmed attach is not timed out) {
  live_with({&ann});
  pass(limits::join_timeout * 2);
  CAF_CHECK_EQUAL(ann.heard(), lines{});
  CAF_CHECK_EQUAL(state(), "live");
}

// -- events ------------------------------------------------------------------------

CAF_TEST(the first event goes out at once and later ones together when it is taken) {
  live_with({&ann, &bob});
  ann.hold_deliveries();
  happen({{"1"}});
  CAF_CHECK_EQUAL(bob.heard(), lines{"1"});
  happen({{"2"}});
  happen({{"3"}, {"4"}});
  CAF_CHECK_EQUAL(bob.heard(), lines{});
  ann.let_go();
  settle();
  CAF_CHECK_EQUAL(ann.heard(), (lines{"1", "2", "3", "4"}));
  CAF_CHECK_EQUAL(bob.heard(), (lines{"2", "3", "4"}));
  CAF_CHECK_EQUAL(bob.deliveries(), 2u);
}

CAF_TEST(a member that ends with a batch in its mailbox does not hold the room up) {
  live_with({&ann, &bob});
  caf::anon_send_exit(ann.handle, caf::exit_reason::kill);
  caf::anon_send(handle, events_of({{"1"}}));
  settle();
  happen({{"2"}});
  CAF_CHECK_EQUAL(bob.heard(), (lines{"1", "2"}));
}

CAF_TEST(a join while events are pending waits and gets only later ones) {
  live_with({&ann});
  ann.hold_deliveries();
  happen({{"1"}});
  happen({{"2"}});
  tell(handle, bob.wants(name));
  CAF_CHECK_EQUAL(bob.heard(), lines{});
  ann.let_go();
  settle();
  CAF_CHECK_EQUAL(bob.heard(), lines{"joined r"});
  happen({{"3"}});
  CAF_CHECK_EQUAL(bob.heard(), lines{"3"});
  CAF_CHECK_EQUAL(ann.heard(), (lines{"1", "2", "3"}));
}

CAF_TEST(a member that goes while its repeated join waits does not come back) {
  live_with({&ann, &bob});
  ann.hold_deliveries();
  happen({{"1"}});
  happen({{"2"}});
  tell(handle, bob.wants(name));
  tell(handle, bob.leaves(name));
  ann.let_go();
  settle();
  tell(handle, ann.leaves(name));
  CAF_CHECK_EQUAL(state(), "lingering");
  CAF_CHECK_EQUAL(bob.heard(), lines{"1"});
}

CAF_TEST(an excluded sender gets only the events of others) {
  live_with({&ann, &bob});
  ann.hold_deliveries();
  happen({{"0"}});
  happen({{"1"}, {"2", ann.id}, {"3"}});
  ann.let_go();
  settle();
  CAF_CHECK_EQUAL(ann.heard(), (lines{"0", "1", "3"}));
  CAF_CHECK_EQUAL(bob.heard(), (lines{"0", "1", "2", "3"}));
}

CAF_TEST(who left gets nothing more) {
  live_with({&ann, &bob});
  tell(handle, ann.leaves(name));
  happen({{"1"}});
  CAF_CHECK_EQUAL(ann.heard(), lines{});
  CAF_CHECK_EQUAL(bob.heard(), lines{"1"});
}

CAF_TEST(events for an empty room give their bytes back) {
  live_with({&ann});
  tell(handle, ann.leaves(name));
  happen({{"12345"}});
  CAF_CHECK_EQUAL(unflushed->sum(), 0u);
}

CAF_TEST(events count as unflushed until the last member has taken them) {
  live_with({&ann, &bob});
  ann.hold_deliveries();
  happen({{"12345"}});
  happen({{"678"}});
  CAF_CHECK_EQUAL(unflushed->sum(), 8u);
  ann.let_go();
  settle();
  CAF_CHECK_EQUAL(unflushed->sum(), 0u);
}

CAF_TEST(all members may leave while events are pending) {
  live_with({&ann});
  ann.hold_deliveries();
  happen({{"1"}});
  happen({{"2"}});
  tell(handle, ann.leaves(name));
  ann.let_go();
  settle();
  CAF_CHECK_EQUAL(unflushed->sum(), 0u);
  CAF_CHECK_EQUAL(state(), "lingering");
}

// -- the end -------------------------------------------------------------------------

CAF_TEST(an empty room lingers and then retires and detaches) {
  live_with({&ann});
  tell(handle, ann.leaves(name));
  pass(999ms);
  CAF_CHECK_EQUAL(lobby.heard(), lines{});
  pass(1ms);
  CAF_CHECK_EQUAL(lobby.heard(), lines{"retire r 1"});
  CAF_CHECK_EQUAL(bridge.heard(), lines{});
  tell(handle, room_notice{retire_ok{}});
  CAF_CHECK_EQUAL(bridge.heard(), lines{"detach r"});
  CAF_CHECK(!is_alive(handle));
}

CAF_TEST(a join within the linger time keeps the subscription) {
  live_with({&ann});
  tell(handle, ann.leaves(name));
  pass(900ms);
  tell(handle, ann.wants(name));
  pass(2s);
  CAF_CHECK_EQUAL(ann.heard(), lines{"joined r"});
  CAF_CHECK_EQUAL(lobby.heard(), lines{});
  CAF_CHECK_EQUAL(bridge.heard(), lines{});
}

CAF_TEST(a join that crosses retire keeps the room and the next retire counts it) {
  live_with({&ann});
  tell(handle, ann.leaves(name));
  pass(1s);
  tell(handle, bob.wants(name)); // the lobby, having forwarded it, says nothing
  CAF_CHECK_EQUAL(bob.heard(), lines{"joined r"});
  tell(handle, bob.leaves(name));
  pass(1s);
  CAF_CHECK_EQUAL(lobby.heard(), (lines{"retire r 1", "retire r 2"}));
}

CAF_TEST(a room in a hurry does not linger) {
  live_with({&ann});
  tell(handle, room_notice{hurry{}});
  CAF_CHECK_EQUAL(lobby.heard(), lines{});
  tell(handle, ann.leaves(name));
  CAF_CHECK_EQUAL(lobby.heard(), lines{"retire r 1"});
}

CAF_TEST(hurry ends the linger time) {
  live_with({&ann});
  tell(handle, ann.leaves(name));
  tell(handle, room_notice{hurry{}});
  CAF_CHECK_EQUAL(lobby.heard(), lines{"retire r 1"});
  pass(2s);
  CAF_CHECK_EQUAL(lobby.heard(), lines{});
}

CAF_TEST(a room that fails gives its channel up) {
  live_with({&ann});
  crash(handle);
  CAF_CHECK_EQUAL(bridge.heard(), lines{"detach r"});
}

// -- the bus away ------------------------------------------------------------------------

CAF_TEST(while the bus is away members stay and joins are refused) {
  live_with({&ann});
  tell(handle, room_notice{bus_lost{}});
  tell(handle, bob.wants(name));
  CAF_CHECK_EQUAL(ann.heard(), lines{});
  CAF_CHECK_EQUAL(bob.heard(), lines{"refused r bus_unavailable"});
  confirm();
  tell(handle, bob.wants(name));
  CAF_CHECK_EQUAL(bob.heard(), lines{"joined r"});
  happen({{"1"}});
  CAF_CHECK_EQUAL(ann.heard(), lines{"1"});
}

CAF_TEST(a join refused while the room lingers does not keep it for ever) {
  live_with({&ann});
  tell(handle, ann.leaves(name));
  tell(handle, room_notice{bus_lost{}});
  tell(handle, bob.wants(name));
  CAF_CHECK_EQUAL(bob.heard(), lines{"refused r bus_unavailable"});
  pass(1s);
  CAF_CHECK_EQUAL(lobby.heard(), lines{"retire r 2"});
}

CAF_TEST(a bus lost while joins wait refuses them) {
  live_with({&ann});
  ann.hold_deliveries();
  happen({{"1"}});
  happen({{"2"}});
  tell(handle, bob.wants(name));
  tell(handle, room_notice{bus_lost{}});
  CAF_CHECK_EQUAL(bob.heard(), lines{"refused r bus_unavailable"});
}

CAF_TEST_FIXTURE_SCOPE_END()
