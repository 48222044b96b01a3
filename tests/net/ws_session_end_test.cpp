#define CAF_SUITE ws_session_end
#include "tests/net/ws_session_fixture.hpp"

#include <set>

CAF_TEST_FIXTURE_SCOPE(ws_session_end_tests, fixture)

// -- closing -----------------------------------------------------------------

CAF_TEST(closing drains the queue and awaits the answer) {
  open();
  subject->queue_text("last words");
  subject->close(close_code::service_restart, "retry-ms=5");
  subject->queue_text("too late");
  until_seen({"last words", "close 1012 retry-ms=5"});
  CAF_CHECK(owner.told.empty());
  other->send(
      sent(opcode::text, "not acted upon") + sent(opcode::close, close_payload(close_code::normal, "")));
  until_told({"closed 1012"});
  until([&] { return !other->ended.empty(); });
  CAF_CHECK_EQUAL(other->ended, "end");
  CAF_CHECK_EQUAL(counters.open.load(), 0u);
}

CAF_TEST(closing while paused sees the answer) {
  open();
  owner.then = [&] { subject->pause_reading(); };
  other->send(sent(opcode::text, "one") + sent(opcode::text, "two"));
  until_told({"one"});
  owner.then = nullptr;
  subject->close(close_code::going_away, "");
  other->send(sent(opcode::close, ""));
  until_told({"one", "closed 1001"});
}

CAF_TEST(a close without answer ends at the deadline) {
  open();
  subject->close(close_code::going_away, "");
  pass(limits::close_timeout - 1s);
  CAF_CHECK(owner.told.empty());
  pass(2s);
  until_told({"closed 1001"});
  until([&] { return other->ended == "reset"; });
}

CAF_TEST(the close of a peer is echoed) {
  open();
  other->send(
      sent(opcode::close, close_payload(static_cast<close_code>(4321), "bye")) + sent(opcode::text, "late"));
  until_told({"closed 4321"});
  until_seen({"close 4321 "});
  until([&] { return other->ended == "end"; });
}

CAF_TEST(an empty close frame is echoed empty) {
  open();
  other->send(sent(opcode::close, ""));
  until_told({"closed 1005"});
  until_seen({"close 1005 "});
}

CAF_TEST(the close of a peer waits for the queue) {
  open();
  peer_reads = false;
  subject->queue(frames({std::string(200'000, 'z')}));
  subject->flush();
  other->send(sent(opcode::close, ""));
  until([&] { return io.poll() == 0; });
  CAF_CHECK(owner.told.empty());
  peer_reads = true;
  until_told({"closed 1005"});
  until_seen({"close 1005 "});
  CAF_CHECK_EQUAL(other->messages, 1u);
}

CAF_TEST(a broken frame is answered with its close code) {
  open();
  other->send(sent(opcode::text, "fine") + sent(opcode::continuation, "not fine"));
  until_seen({"close 1002 not RFC 6455"});
  other->hang_up();
  until_told({"fine", "closed 1002"});
  CAF_CHECK_EQUAL(counters.protocol_errors.load(), 1u);
}

CAF_TEST(the close frame survives input that is never decoded) {
  open();
  other->send(sent(opcode::continuation, "") + std::string(3'000'000, 'x'));
  until([&] { return !other->ended.empty() && other->unsent.empty(); });
  CAF_CHECK_EQUAL(other->ended, "end");
  CAF_CHECK_EQUAL(other->seen, lines{"close 1002 not RFC 6455"});
  other->half_close();
  until_told({"closed 1002"});
}

CAF_TEST(text that is not UTF8 closes with 1007 and a large frame with 1009) {
  open();
  other->send(sent(opcode::text, "\xFF"));
  until_seen({"close 1007 text is not UTF-8"});
  connect();
  recorder second;
  subject->start(second);
  other->send(sent(opcode::text, std::string(65'537, 'x')));
  until_seen({"close 1009 message over the limit"});
}

CAF_TEST(a binary message closes with 1003) {
  open();
  other->send(sent(opcode::binary, "x"));
  until_seen({"close 1003 text frames only"});
}

CAF_TEST(an owner may take binary messages) {
  open();
  owner.takes_binary = true;
  other->send(sent(opcode::binary, "x"));
  until_told({"binary x"});
}

CAF_TEST(a peer that vanishes is an abnormal end) {
  open();
  other->hang_up();
  until_told({"closed 1006"});
  CAF_CHECK_EQUAL(counters.open.load(), 0u);
}

CAF_TEST(a peer that resets is an abnormal end told once and never from within a call) {
  open();
  other->reset();
  while (counters.open != 0) {
    subject->queue_text("anyone there?");
    subject->flush();
    CAF_REQUIRE(owner.told.empty());
  }
  until_told({"closed 1006"});
  subject->flush();
  subject->close(close_code::normal, "");
  io.poll();
  CAF_CHECK_EQUAL(owner.told, lines{"closed 1006"});
}

// -- keep-alive --------------------------------------------------------------

CAF_TEST(a silent peer is pinged and stays when it answers) {
  open();
  pass(limits::ping_interval + 500ms);
  until_seen({"ping"});
  other->send(sent(opcode::pong, "") + sent(opcode::text, "here"));
  until_told({"here"});
  pass(limits::pong_timeout + 500ms);
  pass(limits::ping_interval);
  until_seen({"ping", "ping"});
  CAF_CHECK_EQUAL(owner.told, lines{"here"});
}

CAF_TEST(peers that connect together are pinged at different times and none later than others) {
  std::set<std::chrono::milliseconds> first_pings;
  for (claimed_port = 50'000; claimed_port < 50'016; ++claimed_port) {
    open();
    std::chrono::milliseconds waited{0};
    for (; other->seen.empty() && waited <= limits::ping_interval; waited += timer_wheel::tick) {
      pass(timer_wheel::tick);
      settle();
    }
    CAF_CHECK_EQUAL(other->seen, lines{"ping"});
    CAF_CHECK(waited >= limits::ping_interval / 2);
    first_pings.insert(waited);
    other->send(sent(opcode::pong, ""));
    settle();
    pass(limits::ping_interval + 2 * timer_wheel::tick); // from here on the interval is the same for all
    until_seen({"ping", "ping"});
  }
  CAF_CHECK_EQUAL(first_pings.size(), 16u);
}

CAF_TEST(a talking peer is not pinged) {
  open();
  for (int i = 1; i <= 9; ++i) {
    pass(limits::ping_interval / 3);
    other->send(sent(opcode::text, "x"));
    until([&] { return owner.told.size() == static_cast<size_t>(i); });
  }
  subject->queue_text("end");
  subject->flush();
  until_seen({"end"});
}

CAF_TEST(a peer that answers no ping is closed) {
  open();
  pass(limits::ping_interval + 500ms);
  pass(limits::pong_timeout - 1s);
  CAF_CHECK(owner.told.empty());
  pass(1500ms);
  until_seen({"ping", "close 4009 no answer to ping"});
  CAF_CHECK_EQUAL(counters.silent.load(), 1u);
  pass(limits::slow_close_timeout + 500ms);
  until_told({"closed 4009"});
}

CAF_TEST(a peer that reads slowly and steadily stays though the ping is far back in the queue) {
  open();
  peer_reads = false;
  for (int i = 0; i < 20; ++i) {
    while (subject->queued_bytes() < 150'000) {
      subject->queue(frames({std::string(20'000, 'x')}));
      subject->flush();
    }
    pass(limits::pong_timeout - 1s);
    const auto before = subject->queued_bytes();
    until([&] {
      other->read();
      return subject->queued_bytes() < before;
    });
  }
  CAF_CHECK(owner.told.empty());
  CAF_CHECK(other->seen.empty() || !other->seen.back().starts_with("close"));
}

CAF_TEST(a peer that stops reading is closed) {
  open();
  peer_reads = false;
  subject->queue(frames({std::string(200'000, 'x')}));
  subject->flush();
  until([&] { return io.poll() == 0; });
  pass(limits::ping_interval + 500ms);
  pass(limits::pong_timeout + 500ms);
  pass(limits::slow_close_timeout + 500ms);
  until_told({"closed 4009"});
}

CAF_TEST(a peer that takes nothing of what waits is closed though reading is paused) {
  open();
  pass(limits::ping_interval + 500ms);
  until_seen({"ping"});
  subject->pause_reading();
  for (int i = 0; i < 10; ++i) pass(limits::ping_interval); // nothing waits
  peer_reads = false;
  subject->queue(frames({std::string(200'000, 'x')}));
  subject->flush();
  settle();
  pass(limits::ping_interval + 500ms);
  CAF_CHECK_EQUAL(counters.silent.load(), 0u); // its time began when the first byte had to wait
  pass(limits::pong_timeout + 500ms);
  CAF_CHECK_EQUAL(counters.silent.load(), 1u);
  pass(limits::slow_close_timeout + 500ms);
  until_told({"closed 4009"});
}

CAF_TEST(a peer that takes little by little of what waits stays while reading is paused) {
  open();
  subject->pause_reading();
  peer_reads = false;
  for (int i = 0; i < 4; ++i) {
    while (subject->queued_bytes() < 150'000) {
      subject->queue(frames({std::string(20'000, 'x')}));
      subject->flush();
    }
    pass(limits::ping_interval + 500ms);
    const auto before = subject->queued_bytes();
    until([&] {
      other->read();
      return subject->queued_bytes() < before;
    });
  }
  CAF_CHECK_EQUAL(counters.silent.load(), 0u);
  peer_reads = true;
  until([&] { return subject->queued_bytes() == 0; });
  for (int i = 0; i < 10; ++i) pass(limits::ping_interval); // nothing waits any more
  CAF_CHECK_EQUAL(counters.silent.load(), 0u);
  subject->resume_reading();
  other->send(sent(opcode::text, "still here"));
  until_told({"still here"});
}

CAF_TEST(a peer that takes less than the socket tells of stays too) {
  in_small_segments = true;
  open();
  subject->pause_reading();
  peer_reads = false;
  subject->queue(frames({std::string(200'000, 'x')}));
  subject->flush();
  settle();
  for (int i = 0; i < 6; ++i) {
    other->read(8'000);
    settle();
    pass(limits::pong_timeout + 500ms);
  }
  CAF_CHECK_EQUAL(counters.silent.load(), 0u);
  CAF_CHECK(subject->queued_bytes() > 0);
}

CAF_TEST(the deadline rests while reading is paused) {
  open();
  pass(limits::ping_interval + 500ms);
  until_seen({"ping"});
  subject->pause_reading();
  for (int i = 0; i < 10; ++i) pass(limits::ping_interval);
  subject->resume_reading();
  pass(limits::pong_timeout);
  other->send(sent(opcode::text, "still here"));
  until_told({"still here"});
}

// -- the end of the object ---------------------------------------------------

CAF_TEST(an aborted session is silent) {
  open();
  subject->queue_text("never written");
  subject->abort();
  subject->abort();
  until([&] { return !other->ended.empty(); });
  CAF_CHECK(other->seen.empty());
  CAF_CHECK(owner.told.empty());
  CAF_CHECK_EQUAL(counters.open.load(), 0u);
}

CAF_TEST(a session may be deleted with everything pending) {
  open();
  peer_reads = false;
  subject->queue(frames({std::string(200'000, 'x')}));
  subject->flush();
  other->send(sent(opcode::text, "unread"));
  subject.reset();
  io.poll();
  CAF_CHECK(owner.told.empty());
  CAF_CHECK_EQUAL(counters.open.load(), 0u);
  CAF_CHECK_EQUAL(counters.queued_bytes.load(), 0u);
}

CAF_TEST(a session may be deleted by its own message) {
  open();
  owner.then = [&] { subject.reset(); };
  other->send(sent(opcode::text, "one") + sent(opcode::text, "two"));
  until_told({"one"});
  io.poll();
  CAF_CHECK_EQUAL(owner.told, lines{"one"});
}

CAF_TEST(a session may be deleted by its own end) {
  open();
  owner.then = [&] { subject.reset(); };
  other->hang_up();
  until_told({"closed 1006"});
  CAF_CHECK(!subject);
}

CAF_TEST(a session that is deleted before its end is told is silent) {
  open();
  other->reset();
  while (counters.open != 0) {
    subject->queue_text("x");
    subject->flush();
  }
  subject.reset();
  io.poll();
  CAF_CHECK(owner.told.empty());
}

CAF_TEST(a session that was never started can be deleted) {
  connect("bytes");
  subject.reset();
  until([&] { return !other->ended.empty(); });
}

CAF_TEST_FIXTURE_SCOPE_END()
