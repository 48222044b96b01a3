#define CAF_SUITE connection_overload
#include "tests/actors/lone_connection.hpp"

CAF_TEST_FIXTURE_SCOPE(connection_overload_tests, lone_fixture)

// -- a client that does not keep up ----------------------------------------------------

CAF_TEST(events go out with the policy of their room) {
  enter_room();
  deliver_to_ann({{"1"}}, name);
  CAF_CHECK(ann->tags().empty());
  says(R"({"type":"SUBSCRIBE","room":"r"})");
  tell(ann.handle, joined{name, member_slot{4}, lobby.last_join().purpose, {}, slow_policy::latest_only});
  deliver_to_ann({{"2"}, {"3"}}, name);
  CAF_REQUIRE_EQUAL(ann->tags().size(), 1u);
  CAF_CHECK(ann->tags()[0].room.same_instance(name));
  CAF_CHECK_EQUAL(ann->tags()[0].events, 2u);
  CAF_CHECK(ann->tags()[0].policy == slow_policy::latest_only);
}

CAF_TEST(the notice of dropped events names the room and their number) {
  CAF_CHECK_EQUAL(
      ann->handler()->gap_text(named("say \"hi\""), 12),
      R"({"type":"gap","room":"say \"hi\"","dropped":12})");
}

// -- a client that sends too much ------------------------------------------------------

CAF_TEST(requests over the rate are refused one by one and nothing else happens) {
  services.rates = {2, 0};
  const auto bob = connect(*this, services, 2);
  const auto ask = [&](std::string text) {
    bob->says(std::move(text));
    settle();
    return bob->heard();
  };
  const std::string advice =
      R"("code":"rate_limited","message":"too much in too short a time; send it again, slower")";
  CAF_CHECK_EQUAL(ask(R"({"type":"ping"})"), lines{R"({"type":"pong"})"});
  CAF_CHECK_EQUAL(ask(R"({"type":"ping"})"), lines{R"({"type":"pong"})"});
  CAF_CHECK_EQUAL(
      ask(R"({"type":"SUBSCRIBE","room":"r","id":7})"),
      lines{R"({"type":"error",)" + advice + R"(,"id":7,"room":"r"})"});
  CAF_CHECK_EQUAL(ask("nonsense"), lines{R"({"type":"error",)" + advice + "}"});
  CAF_CHECK(lobby.heard().empty());
  CAF_CHECK_EQUAL(host().counted().rate_limited.load(), 2u);
  CAF_CHECK_EQUAL(host().counted().failed_requests.load(), 2u);
  host().thread().timers().advance(500);
  CAF_CHECK_EQUAL(ask(R"({"type":"ping"})"), lines{R"({"type":"pong"})"});
  CAF_CHECK(!bob->closed_with());
}

CAF_TEST(large frames use up the rate of bytes) {
  services.rates = {0, 1'000};
  const auto bob = connect(*this, services, 2);
  bob->says(R"({"type":"ping","x":")" + std::string(940, 'x') + "\"}");
  bob->says(R"({"type":"ping"})"); // 15 bytes and 6 of header: 994 by now
  bob->says(R"({"type":"ping"})");
  settle();
  const auto heard = bob->heard();
  CAF_REQUIRE_EQUAL(heard.size(), 3u);
  CAF_CHECK_EQUAL(heard[1], R"({"type":"pong"})");
  CAF_CHECK(heard[2].find("rate_limited") != std::string::npos);
}

CAF_TEST(a client that floods is not read from until it is paid off) {
  services.rates = {1, 0};
  const auto bob = connect(*this, services, 2);
  for (int i = 0; i < 15; ++i) bob->says(R"({"type":"ping"})");
  settle();
  CAF_CHECK(bob->is_paused());
  CAF_CHECK_EQUAL(bob->unread(), 4u); // ten times its rate, and the one that was too much
  CAF_CHECK_EQUAL(host().counted().flood_pauses.load(), 1u);
  pass(limits::flood_pause);
  CAF_CHECK(bob->is_paused()); // the time of the I/O thread stands still
  host().thread().timers().advance(250);
  pass(limits::flood_pause);
  CAF_CHECK_EQUAL(bob->unread(), 2u); // 2.5 more are one, and again one too much
  CAF_CHECK(bob->is_paused());
  host().thread().timers().advance(2'000);
  pass(limits::flood_pause);
  CAF_CHECK_EQUAL(bob->unread(), 0u);
  CAF_CHECK(!bob->is_paused());
  CAF_CHECK(!bob->closed_with());
}

CAF_TEST(a client that asks and asks is not read from until it has its answers) {
  for (unsigned i = 0; i < limits::max_questions + 2; ++i) ann->says(R"({"type":"presence","room":"r"})");
  settle();
  CAF_CHECK(ann->is_paused());
  CAF_CHECK_EQUAL(ann->unread(), 2u);
  tell(ann.handle, notice{presence_answer{name, "", true, {}}});
  CAF_CHECK_EQUAL(ann->unread(), 1u);
  tell(ann.handle, notice{presence_answer{name, "", true, {}}});
  CAF_CHECK_EQUAL(ann->unread(), 0u);
  tell(ann.handle, notice{presence_answer{name, "", true, {}}});
  CAF_CHECK(!ann->is_paused());
}

CAF_TEST(a bus that cannot say who is there is told) {
  says(R"({"type":"presence","room":"r","after":"u1","id":7})");
  CAF_CHECK_EQUAL(bridge.heard(), lines{R"(presence r after "u1")"});
  tell(ann.handle, notice{presence_answer{named("r"), "7", false, {}}});
  CAF_CHECK_EQUAL(
      ann->heard(),
      lines{R"({"type":"error","code":"bus_unavailable",)"
            R"("message":"the message bus cannot say who is there; ask again","id":7,"room":"r"})"});
}

CAF_TEST(pings are no way around the rate) {
  services.rates = {1, 0};
  const auto bob = connect(*this, services, 2);
  auto* handler = bob->handler();
  for (int i = 0; i < 11; ++i) handler->enter([&] { handler->on_control(); });
  settle();
  CAF_CHECK(bob->is_paused());
}

CAF_TEST(bytes that make no message are no way around the rate) {
  services.rates = {0, 100};
  const auto bob = connect(*this, services, 2);
  auto* handler = bob->handler();
  handler->enter([&] { handler->on_bytes(1'000); });
  CAF_CHECK(!bob->is_paused());
  handler->enter([&] { handler->on_bytes(1); });
  CAF_CHECK(bob->is_paused());
  CAF_CHECK_EQUAL(host().counted().flood_pauses.load(), 1u);
  CAF_CHECK_EQUAL(host().counted().rate_limited.load(), 0u);
}

CAF_TEST(the figures of a connection) {
  enter_room();
  deliver_to_ann({{"1"}, {"2"}}, name);
  figures seen;
  auto collector = own(sys.spawn([&](collector_actor::pointer) -> collector_actor::behavior_type {
    return {
        [&](const figures& f) { seen = f; }, [](const cluster_figures&) {}, [](const expected_answers&) {},
        [](const stats_deadline&) {}};
  }));
  host().thread().timers().advance(3'500);
  tell(ann.handle, ask_figures{collector});
  CAF_CHECK_EQUAL(seen.actor.kind, "connection");
  CAF_CHECK_EQUAL(seen.actor.name, "203.0.113.7:50312");
  CAF_CHECK_EQUAL(seen.actor.state, "open");
  const auto& own_figures = std::get<wire::connection_figures>(seen.own);
  CAF_CHECK_EQUAL(own_figures.id, 1u);
  CAF_CHECK_EQUAL(own_figures.rooms, 1u);
  CAF_CHECK_EQUAL(own_figures.messages_in, 1u);
  CAF_CHECK_EQUAL(own_figures.messages_out, 2u);
  CAF_CHECK_EQUAL(own_figures.age_s, 3u);
  CAF_CHECK_EQUAL(own_figures.dialect, "rooms");
}

CAF_TEST_FIXTURE_SCOPE_END()
