#define CAF_SUITE room_rejoin
// Who leaves, joins again or loses the bus in the middle of its past.
#include "tests/actors/room_history_fixture.hpp"

CAF_TEST_FIXTURE_SCOPE(room_rejoin_tests, fixture)

CAF_TEST(who leaves while it recovers is gone) {
  live_at(9);
  joins(ann, recover(0));
  tell(handle, ann.leaves(name));
  answer_entries(9, 1, 3, true);
  CAF_CHECK_EQUAL(ann.heard(), lines{});
  joins(bob, recover(0));
  answer_entries(9, 1, 3, true);
  tell(handle, bob.leaves(name));
  bob.heard();
  bob.reads_on();
  happens(10, 10);
  CAF_CHECK_EQUAL(bob.heard(), lines{});
}

CAF_TEST(a member that asks again recovers from where it says) {
  live_at(9);
  joins(eve, recover(7));
  answer_entries(9, 8, 9);
  CAF_CHECK_EQUAL(eve.heard(), lines{"joined r at 9 recovered"} + all_numbered(8, 9) + lines{"more to come"});
  eve.reads_on();
  happens(10, 10);
  CAF_CHECK_EQUAL(eve.heard(), all_numbered(10, 10));
}

CAF_TEST(who joins again before it knows its seat has one seat) {
  live_at(9);
  joins(ann, recover(6));
  answer_entries(9, 7, 9);
  ann.heard();
  const auto again = ann.wants(name, recoverable()); // it goes before the last page is there
  ann.reads_on();
  settle();
  tell(handle, again);
  CAF_CHECK_EQUAL(ann.heard(), lines{"joined r at 9"});
  happens(10, 10);
  CAF_CHECK_EQUAL(ann.heard(), all_numbered(10, 10));
  tell(handle, ann.leaves(name));
  tell(handle, eve.leaves(name));
  pass(1s);
  CAF_CHECK_EQUAL(lobby.heard().size(), 1u); // no seat is left
}

CAF_TEST(who leaves by an old seat loses the one it has) {
  live_at(9);
  joins(ann, plain());
  const leave goes{ann.id, name, ann.slot(), {}, {}};
  joins(ann, recover(6));
  answer_entries(9, 7, 9);
  joins(bob, plain()); // takes the seat that she had
  CAF_CHECK(bob.slot() == goes.slot);
  ann.reads_on();
  settle();
  tell(handle, goes);
  ann.heard();
  bob.heard();
  happens(10, 10);
  CAF_CHECK_EQUAL(ann.heard(), lines{});
  CAF_CHECK_EQUAL(bob.heard(), lines{text_of(10)});
}

CAF_TEST(who joins again in the middle of its past gets all of it first) {
  live_at(9);
  joins(ann, recover(0));
  answer_entries(9, 1, 3, true);
  joins(ann, recoverable());
  CAF_CHECK_EQUAL(ann.heard(), lines{"joined r at 9 recovered"} + all_numbered(1, 3) + lines{"more to come"});
  ann.reads_on();
  settle();
  answer_entries(9, 4, 9);
  CAF_CHECK_EQUAL(ann.heard(), all_numbered(4, 9) + lines{"more to come"});
  ann.reads_on();
  settle();
  CAF_CHECK_EQUAL(ann.heard(), lines{"joined r at 9"});
  happens(10, 10);
  CAF_CHECK_EQUAL(ann.heard(), all_numbered(10, 10));
}

CAF_TEST(a member whose past cannot be read stays a member) {
  live_at(9);
  joins(eve, recover(0));
  const auto asked = bridge.next_log_question();
  tell(handle, room_notice{log_answer{asked.what, asked.ticket, false, {}}});
  CAF_CHECK_EQUAL(eve.heard(), lines{"refused r bus_unavailable"});
  happens(10, 10);
  CAF_CHECK_EQUAL(eve.heard(), all_numbered(10, 10));
  joins(eve, recover(0));
  bridge.next_log_question(); // never answered
  tell(handle, room_notice{bus_lost{}});
  CAF_CHECK_EQUAL(eve.heard(), lines{"refused r bus_unavailable"});
  confirm();
  answer_place({epoch, 10});
  happens(11, 11);
  CAF_CHECK_EQUAL(eve.heard(), all_numbered(11, 11));
}

CAF_TEST(a new epoch is told to who recovers) {
  ann_reads_the_past();
  happens(1, 1, other_epoch);
  answer_place({other_epoch, 1});
  ann.reads_on();
  settle();
  // eve: the gap and the new epoch's message from the bus; the room looks into the log as well
  CAF_CHECK_EQUAL(
      eve.heard(), (lines{
                       R"({"type":"gap","room":"r","epoch":"000000000000000f","from":1,"to":0})",
                       numbered(1),
                   }));
  CAF_CHECK_EQUAL(
      ann.heard(), (lines{
                       R"({"type":"gap","room":"r","epoch":"000000000000000f","from":1,"to":0})",
                       numbered(1),
                   }));
}

CAF_TEST(an outage refuses those who were promised nothing yet) {
  live_at(9);
  joins(ann, recover(0));
  tell(handle, room_notice{bus_lost{}});
  CAF_CHECK_EQUAL(ann.heard(), lines{"refused r bus_unavailable"});
}

CAF_TEST(an outage in the middle of a recovery is waited for) {
  ann_reads_the_past();
  tell(handle, room_notice{bus_lost{}});
  ann.reads_on();
  settle();
  confirm();
  answer_place({epoch, 10});
  answer_entries(10, 10, 10); // the room's own
  answer_entries(10, 4, 10);
  CAF_CHECK_EQUAL(ann.heard(), all_numbered(4, 10) + lines{"more to come"});
  CAF_CHECK_EQUAL(eve.heard(), all_numbered(10, 10));
}

CAF_TEST_FIXTURE_SCOPE_END()
