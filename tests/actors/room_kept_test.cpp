#define CAF_SUITE room_kept
// What has no number and comes while members read the past.
#include "tests/actors/room_history_fixture.hpp"

CAF_TEST_FIXTURE_SCOPE(room_kept_tests, fixture)

CAF_TEST(a notice that comes between pages follows the last one once) {
  live_at(9);
  joins(ann, recover(0));
  tell(handle, events_of({{"before the answer"}}));
  answer_entries(9, 1, 3, true);
  ann.heard();
  tell(handle, events_of({{"notice"}, {"her own", ann.id}}));
  ann.reads_on();
  settle();
  tell(handle, events_of({{R"({"foreign":1})"}}));
  answer_entries(9, 4, 9);
  CAF_CHECK_EQUAL(ann.heard(), all_numbered(4, 9) + lines{"more to come"});
  ann.reads_on();
  settle();
  CAF_CHECK_EQUAL(ann.heard(), (lines{"notice", R"({"foreign":1})"}));
  happens(10, 10);
  tell(handle, events_of({{"after"}}));
  CAF_CHECK_EQUAL(ann.heard(), (lines{numbered(10), "after"}));
}

CAF_TEST(a member that reads the past hears once what came before it began) {
  live_at(9);
  joins(eve, recover(7));
  tell(handle, events_of({{"1"}}));
  CAF_CHECK_EQUAL(eve.heard(), lines{"1"});
  answer_entries(9, 8, 9);
  tell(handle, events_of({{"2"}}));
  eve.heard();
  eve.reads_on();
  settle();
  CAF_CHECK_EQUAL(eve.heard(), lines{"2"});
}

CAF_TEST(a user whose list is read hears who came while it waits for the place) {
  live_at(9);
  tell(handle, room_notice{attached{1}}); // the place is being read
  enters(bob);
  tell(handle, events_of({{"notice"}}));
  CAF_CHECK_EQUAL(bob.heard(), lines{});
  answer_place({epoch, 9});
  CAF_CHECK_EQUAL(bob.heard(), (lines{"joined r 0 [] at 9", "notice"}));
}

CAF_TEST(a user whose list is read hears who came while the log is read) {
  live_at(9);
  enters(bob, 5);
  tell(handle, events_of({{"notice"}}));
  answer_entries(9, 5, 9);
  lines past{"joined r 0 [] at 9"};
  for (uint64_t seq = 5; seq <= 9; ++seq) past.push_back(text_of(seq));
  CAF_CHECK_EQUAL(bob.heard(), past + lines{"more to come"});
  bob.reads_on();
  settle();
  CAF_CHECK_EQUAL(bob.heard(), lines{"notice"});
}

CAF_TEST(a flood comes between pages and refuses who is not answered) {
  ann_reads_the_past();
  enters(bob, 5);
  const std::string large(limits::max_meanwhile_bytes / 2, 'x');
  tell(handle, events_of({{large}}));
  CAF_CHECK(ann.heard().empty());
  tell(handle, events_of({{large}}));
  CAF_CHECK_EQUAL(bob.heard(), lines{"refused r bus_unavailable"});
  CAF_CHECK_EQUAL(ann.heard().size(), 2u);
  tell(handle, events_of({{"notice"}}));
  ann.reads_on();
  settle();
  bridge.next_log_question(); // bob's
  CAF_CHECK_EQUAL(ann.heard(), lines{});
}

CAF_TEST_FIXTURE_SCOPE_END()
