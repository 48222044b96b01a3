#define CAF_SUITE room_history
#include "tests/actors/room_history_fixture.hpp"

CAF_TEST_FIXTURE_SCOPE(room_history_tests, fixture)

// -- live ------------------------------------------------------------------------

CAF_TEST(a join is answered once the place is known) {
  joins(ann, recoverable());
  confirm();
  CAF_CHECK_EQUAL(ann.heard(), lines{});
  answer_place({epoch, 7});
  CAF_CHECK_EQUAL(ann.heard(), lines{"joined r at 7"});
}

CAF_TEST(recoverable members get numbers and the others what was sent) {
  live_at(7);
  joins(ann, plain());
  ann.heard();
  happens(8, 9);
  CAF_CHECK_EQUAL(eve.heard(), all_numbered(8, 9));
  CAF_CHECK_EQUAL(ann.heard(), (lines{text_of(8), text_of(9)}));
}

CAF_TEST(events without a place pass whatever the place is) {
  joins(ann, recoverable());
  confirm();
  answer_place({epoch, 7});
  ann.heard();
  tell(handle, room_notice{attached{1}}); // the place is being read
  tell(handle, events_of({{R"({"type":"join"})"}}));
  CAF_CHECK_EQUAL(ann.heard(), lines{R"({"type":"join"})"});
}

CAF_TEST(a hole is filled before members notice) {
  live_at(7);
  happens(10, 10);
  CAF_CHECK_EQUAL(eve.heard(), lines{});
  answer_entries(10, 8, 10);
  CAF_CHECK_EQUAL(eve.heard(), all_numbered(8, 10));
}

CAF_TEST(what cannot be filled is told to those who know numbers) {
  live_at(7);
  joins(ann, plain());
  ann.heard();
  happens(12, 12);
  answer_entries(12, 11, 12);
  CAF_CHECK_EQUAL(
      eve.heard(), (lines{R"({"type":"gap","room":"r","epoch":"000000000000000e","from":8,"to":10})"}
                    + all_numbered(11, 12)));
  CAF_CHECK_EQUAL(ann.heard(), (lines{text_of(11), text_of(12)}));
}

CAF_TEST(after an outage what was missed comes) {
  live_at(7);
  tell(handle, room_notice{bus_lost{}});
  confirm();
  answer_place({epoch, 9});
  answer_entries(9, 8, 9);
  happens(10, 10);
  CAF_CHECK_EQUAL(eve.heard(), all_numbered(8, 10));
}

CAF_TEST(a failed read is tried again and joins do not wait for it) {
  joins(ann, recoverable());
  confirm();
  const auto asked = bridge.next_log_question();
  tell(handle, room_notice{log_answer{asked.what, asked.ticket, false, {}}});
  CAF_CHECK_EQUAL(ann.heard(), lines{"refused r bus_unavailable"});
  CAF_CHECK(!bridge.has_log_question());
  pass(limits::log_retry);
  joins(bob, recoverable());
  answer_place({epoch, 3});
  CAF_CHECK_EQUAL(bob.heard(), lines{"joined r at 3"});
}

// -- recovery from the tail --------------------------------------------------------

CAF_TEST(what the node still has needs no read) {
  live_at(7);
  happens(8, 12);
  joins(ann, recover(9));
  CAF_CHECK_EQUAL(ann.heard(), lines{"joined r at 12 recovered"} + all_numbered(10, 12));
  happens(13, 13);
  CAF_CHECK_EQUAL(ann.heard(), lines{numbered(13)});
  CAF_CHECK(!bridge.has_log_question());
}

CAF_TEST(who missed nothing is recovered) {
  live_at(7);
  joins(ann, recover(7));
  CAF_CHECK_EQUAL(ann.heard(), lines{"joined r at 7 recovered"});
}

CAF_TEST(a place above the top of the bus or of another epoch is not recovered) {
  live_at(7);
  joins(ann, recover(8));
  joins(bob, recover(3, other_epoch));
  CAF_CHECK_EQUAL(ann.heard(), lines{});
  answer_place({epoch, 7});
  CAF_CHECK_EQUAL(ann.heard(), lines{"joined r at 7"});
  answer_place({epoch, 7}); // his doubt came up behind the first read
  CAF_CHECK_EQUAL(bob.heard(), lines{"joined r at 7"});
}

CAF_TEST(who is further than the room is believed once the bus confirms it) {
  live_at(7);
  joins(ann, recover(9));
  answer_place({epoch, 10}); // this node has not heard of three messages
  CAF_CHECK_EQUAL(ann.heard(), lines{});
  answer_entries(10, 8, 10);
  CAF_CHECK_EQUAL(ann.heard(), lines{"joined r at 10 recovered"} + all_numbered(10, 10));
  CAF_CHECK_EQUAL(eve.heard(), all_numbered(8, 10));
}

CAF_TEST(a doubt is not cleared up by a read that was under way before) {
  live_at(7);
  tell(handle, room_notice{attached{1}});
  const auto before = bridge.next_log_question();
  joins(ann, recover(9));
  tell(handle, room_notice{log_answer{before.what, before.ticket, true, {{epoch, 7}}}});
  CAF_CHECK_EQUAL(ann.heard(), lines{});
  answer_place({epoch, 9});
  answer_entries(9, 8, 9);
  CAF_CHECK_EQUAL(ann.heard(), lines{"joined r at 9 recovered"});
}

CAF_TEST(the newest come first where they are wanted) {
  live_at(7);
  happens(8, 12);
  joins(ann, newest(2));
  CAF_CHECK_EQUAL(ann.heard(), (lines{"joined r at 12", text_of(11), text_of(12)}));
}

// -- recovery from the log ---------------------------------------------------------

CAF_TEST(the log is read for what the node does not have) {
  live_at(7);
  joins(ann, recover(4));
  CAF_CHECK_EQUAL(ann.heard(), lines{});
  answer_entries(7, 5, 7);
  CAF_CHECK_EQUAL(ann.heard(), lines{"joined r at 7 recovered"} + all_numbered(5, 7) + lines{"more to come"});
  happens(8, 8); // live, while the page is being read
  ann.reads_on();
  settle();
  happens(9, 9);
  CAF_CHECK_EQUAL(ann.heard(), all_numbered(8, 9));
  CAF_CHECK_EQUAL(eve.heard(), all_numbered(8, 9));
}

CAF_TEST(the log above the place of the room is left to come live) {
  live_at(7);
  joins(ann, recover(5));
  answer_entries(9, 6, 9); // 8 and 9 are on their way
  CAF_CHECK_EQUAL(ann.heard(), lines{"joined r at 7 recovered"} + all_numbered(6, 7) + lines{"more to come"});
  ann.reads_on();
  happens(8, 9);
  CAF_CHECK_EQUAL(ann.heard(), all_numbered(8, 9));
}

CAF_TEST(pages follow as the member reads them) {
  live_at(9);
  joins(ann, recover(0));
  answer_entries(9, 1, 3, true);
  CAF_CHECK_EQUAL(ann.heard(), lines{"joined r at 9 recovered"} + all_numbered(1, 3) + lines{"more to come"});
  CAF_CHECK(!bridge.has_log_question());
  ann.reads_on();
  settle();
  answer_entries(9, 4, 9);
  CAF_CHECK_EQUAL(ann.heard(), all_numbered(4, 9) + lines{"more to come"});
  ann.reads_on();
  happens(10, 10);
  CAF_CHECK_EQUAL(ann.heard(), all_numbered(10, 10));
}

CAF_TEST(many who come back cost one read) {
  live_at(9);
  joins(ann, recover(6));
  joins(bob, recover(4));
  const auto asked = bridge.next_log_question();
  CAF_CHECK_EQUAL(asked.after.seq, 6u);
  log_page page{{epoch, 9}, 6, {}, false};
  for (uint64_t seq = 7; seq <= 9; ++seq) page.entries.push_back({seq, shared_bytes{text_of(seq)}});
  tell(handle, room_notice{log_answer{asked.what, asked.ticket, true, std::move(page)}});
  CAF_CHECK_EQUAL(ann.heard(), lines{"joined r at 9 recovered"} + all_numbered(7, 9) + lines{"more to come"});
  CAF_CHECK_EQUAL(bob.heard(), lines{});
  member_probe dan{*this, 4};
  joins(dan, recover(5)); // waits for the same read as bob
  answer_entries(9, 5, 9);
  CAF_CHECK_EQUAL(bob.heard(), lines{"joined r at 9 recovered"} + all_numbered(5, 9) + lines{"more to come"});
  CAF_CHECK_EQUAL(dan.heard(), lines{"joined r at 9 recovered"} + all_numbered(6, 9) + lines{"more to come"});
  CAF_CHECK(!bridge.has_log_question());
}

CAF_TEST(a page that begins earlier serves those who were away for longer) {
  live_at(9);
  joins(ann, recover(6));
  joins(bob, recover(4));
  const auto asked = bridge.next_log_question();
  CAF_CHECK(asked.what == log_read::entries_around);
  log_page page{{epoch, 9}, 2, {}, false};
  for (uint64_t seq = 3; seq <= 9; ++seq) page.entries.push_back({seq, shared_bytes{text_of(seq)}});
  tell(handle, room_notice{log_answer{asked.what, asked.ticket, true, std::move(page)}});
  CAF_CHECK_EQUAL(ann.heard(), lines{"joined r at 9 recovered"} + all_numbered(7, 9) + lines{"more to come"});
  CAF_CHECK_EQUAL(bob.heard(), lines{"joined r at 9 recovered"} + all_numbered(5, 9) + lines{"more to come"});
  member_probe dan{*this, 4};
  joins(dan, recover(2));
  CAF_CHECK_EQUAL(dan.heard(), lines{"joined r at 9 recovered"} + all_numbered(3, 9));
  CAF_CHECK(!bridge.has_log_question());
}

CAF_TEST(a log that does not reach back is no recovery) {
  live_at(9);
  joins(ann, recover(3));
  answer_entries(9, 6, 9);
  CAF_CHECK_EQUAL(ann.heard(), lines{"joined r at 9"});
  joins(bob, recover(3));
  answer_entries(9, 1, 0); // empty: expired
  CAF_CHECK_EQUAL(bob.heard(), lines{"joined r at 9"});
  happens(10, 10);
  CAF_CHECK_EQUAL(ann.heard(), lines{numbered(10)});
  CAF_CHECK_EQUAL(bob.heard(), lines{numbered(10)});
}

CAF_TEST(the newest are what the log has) {
  live_at(9);
  joins(ann, newest(6));
  answer_entries(9, 7, 9);
  CAF_CHECK_EQUAL(ann.heard(), (lines{"joined r at 9", text_of(7), text_of(8), text_of(9), "more to come"}));
}

CAF_TEST(a log that begins above the place of the room hides nothing that comes live) {
  live_at(9);
  joins(bob, recover(3));
  joins(ann, newest(3));
  answer_entries(12, 12, 12); // the others were trimmed, and are on their way
  happens(10, 12);
  CAF_CHECK_EQUAL(ann.heard(), (lines{"joined r at 9", text_of(10), text_of(11), text_of(12)}));
  CAF_CHECK_EQUAL(bob.heard(), lines{"joined r at 9"} + all_numbered(10, 12));
}

CAF_TEST(the newest are those before the place that the answer names) {
  live_at(9);
  joins(ann, newest(3));
  happens(10, 10); // while the log is being read
  answer_entries(10, 7, 10);
  CAF_CHECK_EQUAL(
      ann.heard(), (lines{"joined r at 10", text_of(8), text_of(9), text_of(10), "more to come"}));
}

CAF_TEST(who could not recover begins at the place that the answer names) {
  live_at(9);
  joins(ann, recover(3));
  happens(10, 10);
  answer_entries(10, 8, 10);
  CAF_CHECK_EQUAL(ann.heard(), lines{"joined r at 10"});
  happens(11, 11);
  CAF_CHECK_EQUAL(ann.heard(), lines{numbered(11)});
}

CAF_TEST_FIXTURE_SCOPE_END()
