#define CAF_SUITE room_history
#include "actors/room_history.hpp"

#include "actors/room.hpp"
#include "core/limits.hpp"
#include "tests/actors/probes.hpp"

using namespace roomcast;
using namespace roomcast::actors;

namespace {

constexpr epoch_id epoch{0xE};
constexpr epoch_id other_epoch{0xF};

struct fixture : actor_fixture {
  bridge_probe bridge{*this};
  lobby_probe lobby{*this};
  member_probe ann{*this, 1};
  member_probe bob{*this, 2};
  member_probe eve{*this, 3};
  room_name name = named("r");
  room_actor handle = own(sys.spawn<room>(
      unit(), name, bridge.handle, lobby.handle, room_options{1s, slow_policy::disconnect, {100, 1h}}));

  static std::string text_of(uint64_t seq) { return R"({"n":)" + std::to_string(seq) + "}"; }
  static std::string numbered(uint64_t seq) {
    return R"({"n":)" + std::to_string(seq) + R"(,"seq":)" + std::to_string(seq) + "}";
  }
  static lines all_numbered(uint64_t from, uint64_t to) {
    lines out;
    for (; from <= to; ++from) out.push_back(numbered(from));
    return out;
  }

  void confirm() { tell(handle, room_notice{attached{bridge.attach().attempt}}); }
  void answer_place(position top) {
    const auto asked = bridge.next_log_question();
    CAF_CHECK(asked.what == log_read::place);
    tell(handle, room_notice{log_answer{asked.what, asked.ticket, true, {top}}});
  }
  /// The oldest read of entries gets these.
  void answer_entries(uint64_t top, uint64_t from, uint64_t to, bool more = false, epoch_id e = epoch) {
    const auto asked = bridge.next_log_question();
    CAF_CHECK(asked.what == log_read::entries || asked.what == log_read::entries_around);
    log_page page{{e, top}, asked.after.seq, {}, more};
    for (; from <= to; ++from) page.entries.push_back({from, shared_bytes{text_of(from)}});
    tell(handle, room_notice{log_answer{asked.what, asked.ticket, true, std::move(page)}});
  }
  void happens(uint64_t from, uint64_t to, epoch_id e = epoch) {
    for (; from <= to; ++from) tell(handle, events_of({{text_of(from), {}, {e, from}}}));
  }

  static join_purpose plain() { return {}; }
  static join_purpose recoverable() {
    join_purpose purpose;
    purpose.recoverable = true;
    return purpose;
  }
  static join_purpose recover(uint64_t seq, epoch_id e = epoch) {
    auto purpose = recoverable();
    purpose.recover = position{e, seq};
    return purpose;
  }
  static join_purpose newest(uint32_t count) {
    join_purpose purpose;
    purpose.newest = count;
    return purpose;
  }

  /// Live, with eve in it, at this number.
  void live_at(uint64_t seq) {
    tell(handle, eve.wants(name, recoverable()));
    confirm();
    answer_place({epoch, seq});
    eve.heard();
    bridge.heard();
  }
  void joins(member_probe& who, join_purpose purpose) { tell(handle, who.wants(name, std::move(purpose))); }
  /// With a user, whom the bus knows then.
  void enters(member_probe& who, uint32_t count = 0) {
    auto purpose = as_user("u");
    purpose.newest = count;
    joins(who, std::move(purpose));
    tell(
        handle,
        room_notice{presence_changed{bridge.change().ticket, true, std::make_shared<const wire::roster>()}});
  }
};

lines operator+(lines a, const lines& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

} // namespace

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

// -- what has no number, meanwhile ---------------------------------------------------

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
  live_at(9);
  joins(ann, recover(0));
  answer_entries(9, 1, 3, true);
  ann.heard();
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

// -- who leaves, or joins again -------------------------------------------------------

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
  live_at(9);
  joins(ann, recover(0));
  answer_entries(9, 1, 3, true);
  ann.heard();
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
  live_at(9);
  joins(ann, recover(0));
  answer_entries(9, 1, 3, true);
  ann.heard();
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
