#define CAF_SUITE ws_session
#include "tests/net/ws_session_fixture.hpp"

CAF_TEST_FIXTURE_SCOPE(ws_session_tests, fixture)

// -- reading and writing -----------------------------------------------------

CAF_TEST(messages of one read are handed over in one turn) {
  open();
  other->send(sent(opcode::text, "one") + sent(opcode::text, "two") + sent(opcode::text, "three"));
  until_told({"one", "two", "three"});
  CAF_CHECK_EQUAL(owner.turns, 1);
  CAF_CHECK_EQUAL(subject->counters().messages_in, 3u);
}

CAF_TEST(answers leave at the end of the turn without a flush) {
  open();
  owner.then = [&] { subject->queue_text("answer"); };
  other->send(sent(opcode::text, "question"));
  until_seen({"answer"});
}

CAF_TEST(nothing leaves before the flush) {
  open();
  subject->queue_text("own");
  subject->queue(frames({"shared", "frames"}));
  CAF_CHECK(subject->queued_bytes() > 0);
  CAF_CHECK_EQUAL(counters.queued_bytes.load(), 0u);
  other->read();
  CAF_CHECK(other->seen.empty());
  subject->flush();
  CAF_CHECK_EQUAL(subject->queued_bytes(), 0u);
  until_seen({"own", "shared", "frames"});
}

CAF_TEST(what was queued before the start leaves with it) {
  connect();
  subject->queue_text("welcome");
  subject->start(owner);
  until_seen({"welcome"});
}

CAF_TEST(bytes behind the handshake come first) {
  connect(sent(opcode::text, "early") + sent(opcode::text, "split").substr(0, 4));
  other->send(sent(opcode::text, "split").substr(4) + sent(opcode::text, "late"));
  subject->start(owner);
  until_told({"early", "split", "late"});
}

CAF_TEST(a message may take many reads) {
  open();
  const std::string large(60'000, 'x');
  const auto frame = sent(opcode::text, large.substr(1), false) + sent(opcode::continuation, "x");
  for (size_t at = 0; at < frame.size(); at += 7'000) {
    other->send(frame.substr(at, 7'000));
    until([&] { return io.poll() == 0 && other->unsent.empty(); });
  }
  until_told({large});
}

CAF_TEST(a flood is read in bounded turns and completely) {
  open();
  std::string flood;
  for (int i = 0; i < 20'000; ++i) flood += sent(opcode::text, "0123456789012345678901234567890123456789");
  other->send(flood);
  until([&] { return owner.told.size() == 20'000; });
  CAF_CHECK(owner.turns > 1);
}

CAF_TEST(a flood of small messages leaves the thread to others in between) {
  open();
  std::string flood;
  for (int i = 0; i < 2'000; ++i) flood += sent(opcode::text, "x");
  other->send(flood);
  until([&] { return owner.told.size() == 2'000; });
  CAF_CHECK_GREATER(owner.turns, 2'000 / 128);
}

CAF_TEST(pings are answered) {
  open();
  other->send(sent(opcode::ping, "a") + sent(opcode::pong, "ignored") + sent(opcode::ping, ""));
  until_seen({"pong a", "pong "});
}

CAF_TEST(a large queue leaves as the socket takes it) {
  open();
  std::string large(100'000, 'y');
  subject->queue(frames({large, large}));
  subject->flush();
  CAF_CHECK(subject->queued_bytes() > 0);
  CAF_CHECK_EQUAL(counters.queued_bytes.load(), subject->queued_bytes());
  until([&] { return other->messages == 2; });
  CAF_CHECK_EQUAL(subject->queued_bytes(), 0u);
  CAF_CHECK_EQUAL(counters.queued_bytes.load(), 0u);
}

CAF_TEST(the peer has a name) {
  open();
  CAF_CHECK_EQUAL(subject->remote_address().substr(0, 10), "127.0.0.1:");
}

// -- pausing -----------------------------------------------------------------

CAF_TEST(a pause within a message keeps the rest for later) {
  open();
  owner.then = [&] { subject->pause_reading(); };
  other->send(sent(opcode::text, "one") + sent(opcode::text, "two"));
  until_told({"one"});
  other->send(sent(opcode::text, "three"));
  io.poll();
  CAF_CHECK_EQUAL(owner.told, lines{"one"});
  subject->resume_reading();
  until_told({"one", "two"});
  subject->resume_reading();
  until_told({"one", "two", "three"});
}

CAF_TEST(a pause and a resume within a message change nothing) {
  open();
  owner.then = [&] {
    subject->pause_reading();
    subject->resume_reading();
  };
  other->send(sent(opcode::text, "one") + sent(opcode::text, "two"));
  until_told({"one", "two"});
  CAF_CHECK_EQUAL(owner.turns, 1);
}

CAF_TEST(a paused session still writes) {
  open();
  subject->pause_reading();
  other->send(sent(opcode::text, "unread"));
  subject->queue_text("written");
  subject->flush();
  until_seen({"written"});
  CAF_CHECK(owner.told.empty());
  subject->resume_reading();
  until_told({"unread"});
}

// -- slow consumers ----------------------------------------------------------

CAF_TEST(a slow consumer gets whole frames and a close frame) {
  open();
  peer_reads = false;
  overflow();
  CAF_CHECK(owner.told.empty());
  CAF_CHECK(subject->queued_bytes() < 30'000);
  peer_reads = true;
  until([&] { return other->ended == "end"; });
  CAF_CHECK_EQUAL(other->seen, lines{"close 4008 messages were not read fast enough"});
  CAF_CHECK(other->messages > 0);
  CAF_CHECK(other->messages < 2u * static_cast<unsigned>(queued_blocks));
  other->hang_up();
  until_told({"closed 4008"});
  CAF_CHECK_EQUAL(counters.slow_consumers.load(), 1u);
  CAF_CHECK_EQUAL(counters.queued_bytes.load(), 0u);
}

CAF_TEST(a slow consumer that goes on not reading is reset) {
  open();
  peer_reads = false;
  overflow();
  const auto left = subject->queued_bytes();
  subject->queue_text("ignored");
  CAF_CHECK_EQUAL(subject->queued_bytes(), left);
  CAF_CHECK_EQUAL(counters.queued_bytes.load(), left);
  pass(limits::slow_close_timeout + 500ms);
  until_told({"closed 4008"});
  CAF_CHECK_EQUAL(counters.queued_bytes.load(), 0u);
  peer_reads = true;
  until([&] { return other->ended == "reset"; });
}

CAF_TEST(events of a room that allows it are dropped and the client is told where) {
  open();
  peer_reads = false;
  const frame_tag tag{*room_name::parse("r"), 1, slow_policy::drop_oldest};
  size_t sent_events = 0;
  for (; counters.dropped_events < 20; ++sent_events) {
    subject->queue(frames({std::to_string(sent_events) + std::string(20'000, 'x')}), tag);
    subject->flush();
    CAF_REQUIRE(sent_events < 10'000);
    CAF_REQUIRE(subject->queued_bytes() <= options.max_queue_bytes);
  }
  subject->queue_text("answer");
  subject->flush();
  CAF_CHECK_EQUAL(counters.slow_consumers.load(), 0u);
  CAF_CHECK_EQUAL(subject->counters().dropped_events, counters.dropped_events.load());
  CAF_CHECK_EQUAL(counters.queued_bytes.load(), subject->queued_bytes());
  peer_reads = true;
  until_seen({"gap r " + std::to_string(counters.dropped_events), "answer"});
  CAF_CHECK_EQUAL(other->messages, sent_events - counters.dropped_events + 2);
}

CAF_TEST(with the latest only a client that does not read keeps one event) {
  open();
  peer_reads = false;
  const frame_tag tag{*room_name::parse("r"), 2, slow_policy::latest_only};
  for (int i = 0; counters.dropped_events == 0; ++i) {
    subject->queue(frames({std::string(20'000, 'x'), "latest " + std::to_string(i)}), tag);
    subject->flush();
    CAF_REQUIRE(i < 10'000);
    other->seen = {"latest " + std::to_string(i)};
  }
  const auto latest = std::exchange(other->seen, {}).front();
  CAF_CHECK_EQUAL(counters.slow_consumers.load(), 0u);
  peer_reads = true;
  until([&] { return !other->seen.empty() && other->seen.back() == latest; });
  CAF_CHECK_EQUAL(
      other->seen[other->seen.size() - 2], "gap r " + std::to_string(counters.dropped_events.load()));
}

CAF_TEST(a client is closed where dropping is not enough) {
  open();
  peer_reads = false;
  while (subject->queued_bytes() < 100'000) {
    subject->queue(frames({std::string(10'000, 'x')}));
    subject->flush();
  }
  subject->queue(frames({"droppable"}), {*room_name::parse("r"), 1, slow_policy::drop_oldest});
  overflow();
  CAF_CHECK_EQUAL(counters.dropped_events.load(), 1u);
  pass(limits::slow_close_timeout + 500ms);
  until_told({"closed 4008"});
}

CAF_TEST(above the limit of memory a queue that would be fine is too long) {
  options.max_output_memory = 1'048'576;
  open();
  peer_reads = false;
  counters.queued_bytes = 1'048'576 + 131'072; // of others
  overflow();
  CAF_CHECK(subject->queued_bytes() < 65'536);
  pass(limits::slow_close_timeout + 500ms);
  until_told({"closed 4008"});
}

CAF_TEST(whatever comes is counted as it came) {
  open();
  const auto all = sent(opcode::ping, "four") + sent(opcode::pong, "") + sent(opcode::text, "", false)
                   + sent(opcode::continuation, "", false) + sent(opcode::continuation, "x", false);
  other->send(all);
  until([&] { return owner.wire_bytes == all.size(); });
  CAF_CHECK_EQUAL(owner.controls, 2u);
  CAF_CHECK(owner.told.empty());
}

CAF_TEST(a burst over the bound is not slow while the socket takes it) {
  options.max_queue_bytes = 4'000;
  open();
  for (int i = 0; i < 10; ++i) subject->queue(frames({std::string(900, 'x')}));
  CAF_CHECK_EQUAL(counters.slow_consumers.load(), 0u);
  subject->flush();
  until([&] { return other->messages == 10; });
}

CAF_TEST(pings of a peer that does not read are bounded too) {
  options.max_queue_bytes = 4'000;
  open();
  peer_reads = false;
  for (int i = 0; i < 20 && counters.slow_consumers == 0; ++i) {
    std::string flood;
    for (int n = 0; n < 1'000; ++n) flood += sent(opcode::ping, std::string(100, 'x'));
    other->send(flood);
    until([&] { return other->unsent.empty() || counters.slow_consumers > 0; });
  }
  until([&] { return counters.slow_consumers == 1; });
}

CAF_TEST_FIXTURE_SCOPE_END()
