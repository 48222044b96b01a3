#define CAF_SUITE presence_desk
#include "actors/presence_desk.hpp"

#include "core/limits.hpp"

#include <caf/test/dsl.hpp>

using namespace roomcast;
using namespace roomcast::actors;
using namespace std::chrono_literals;

namespace {

constexpr connection_id ann{1};
constexpr connection_id bob{2};
constexpr connection_id cleo{3};

struct fixture {
  presence_desk::time now{};
  presence_desk desk{0ms};
  presence_desk lenient{10s};
  uint32_t ticket = 0;

  void enter(presence_desk& to, connection_id who, const std::string& user) {
    to.enter(who, '"' + user + '"', R"({"id":")" + user + "\"}");
  }
  void enter(connection_id who, const std::string& user) { enter(desk, who, user); }

  /// `whole enter 1 "u" depart 2 disconnect last`; `-`: there is nothing to send.
  std::string next(presence_desk& from) {
    static constexpr const char* steps[] = {"enter", "depart", "keep"};
    const auto change = from.next(now);
    if (!change) return "-";
    ticket = change->ticket;
    std::string out = change->whole ? "whole" : "part";
    for (const auto& op : change->ops) {
      (out += ' ') += steps[static_cast<size_t>(op.step)];
      (out += ' ') += std::to_string(value(op.who));
      for (const auto& more : {op.user_id, op.reason})
        if (!more.empty()) (out += ' ') += more;
    }
    return out + (change->last ? " last" : "");
  }
  std::string next() { return next(desk); }
  void settle(presence_desk& which, bool ok = true) { CAF_CHECK(which.settle(ticket, ok, now)); }
  void settle(bool ok = true) { settle(desk, ok); }

  /// In, and the bus knows it.
  void is_in(presence_desk& where, connection_id who, const std::string& user) {
    enter(where, who, user);
    next(where);
    settle(where);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(presence_desk_tests, fixture)

// -- one change at a time ------------------------------------------------------------

CAF_TEST(the first user is sent at once and a burst behind it together) {
  enter(ann, "a");
  CAF_CHECK(desk.is_queued(ann));
  CAF_CHECK_EQUAL(next(), R"(part enter 1 "a")");
  CAF_CHECK(!desk.is_queued(ann) && desk.is_entering(ann));
  enter(bob, "b");
  enter(cleo, "c");
  CAF_CHECK_EQUAL(next(), "-");
  settle();
  CAF_CHECK(!desk.is_entering(ann));
  CAF_CHECK_EQUAL(next(), R"(part enter 2 "b" enter 3 "c")");
}

CAF_TEST(a burst over the bound takes several changes) {
  for (uint64_t i = 1; i <= limits::presence_batch + 1; ++i) enter(connection_id{i}, "u");
  CAF_CHECK_EQUAL(desk.next(now)->ops.size(), limits::presence_batch);
  CAF_CHECK(desk.settle(1, true, now));
  CAF_CHECK_EQUAL(desk.next(now)->ops.size(), 1u);
}

CAF_TEST(who comes and goes before anything was sent is not entered) {
  enter(cleo, "c");
  next();
  enter(ann, "a");
  CAF_CHECK(desk.leave(ann, "", now));
  settle();
  CAF_CHECK_EQUAL(next(), "part depart 1");
  CAF_CHECK(!desk.is_entering(ann));
}

CAF_TEST(the last one is the last when nothing waits behind) {
  is_in(desk, ann, "a");
  CAF_CHECK(desk.leave(ann, "disconnect", now));
  CAF_CHECK_EQUAL(next(), "part depart 1 disconnect last");
  CAF_CHECK(!desk.idle());
  settle();
  CAF_CHECK(desk.idle());
}

CAF_TEST(who is not there with a user does not leave) { CAF_CHECK(!desk.leave(ann, "", now)); }

CAF_TEST(users are counted once however many their connections) {
  enter(ann, "a");
  enter(bob, "a");
  CAF_CHECK_EQUAL(desk.users(), 1u);
  enter(bob, "b");
  CAF_CHECK_EQUAL(desk.users(), 2u);
  desk.leave(ann, "", now);
  desk.leave(bob, "", now);
  CAF_CHECK_EQUAL(desk.users(), 0u);
}

CAF_TEST(an answer that nobody waits for is nothing) {
  CAF_CHECK(!desk.settle(0, true, now));
  enter(ann, "a");
  next();
  CAF_CHECK(!desk.settle(ticket + 1, true, now));
  settle();
  CAF_CHECK(!desk.settle(ticket, true, now));
}

// -- what fails -----------------------------------------------------------------------

CAF_TEST(a change that failed is forgotten and everything is said again a second later) {
  is_in(desk, ann, "a");
  enter(bob, "b");
  next();
  settle(false);
  CAF_CHECK_EQUAL(next(), "-");
  CAF_REQUIRE(desk.due(true).has_value());
  CAF_CHECK(*desk.due(true) == now + limits::presence_retry);
  CAF_CHECK(!desk.due(false)); // not before there is a bus
  now += limits::presence_retry;
  CAF_CHECK_EQUAL(next(), R"(whole enter 1 "a")");
}

CAF_TEST(who could not change its user is who it was) {
  is_in(desk, ann, "a");
  enter(ann, "b");
  next();
  settle(false);
  now += limits::presence_retry;
  CAF_CHECK_EQUAL(next(), R"(whole enter 1 "a")");
  CAF_CHECK_EQUAL(desk.users(), 1u);
}

CAF_TEST(a failed departure is made good by the next whole list) {
  is_in(desk, ann, "a");
  desk.leave(ann, "", now);
  next();
  settle(false);
  CAF_CHECK(!desk.idle());
  now += limits::presence_retry;
  CAF_CHECK_EQUAL(next(), "whole last");
  settle();
  CAF_CHECK(desk.idle());
}

CAF_TEST(a join that was given up is taken back) {
  enter(ann, "a");
  desk.forget(ann); // was not sent
  CAF_CHECK(desk.idle());
  enter(ann, "a");
  next();
  desk.forget(ann); // is under way
  settle();
  CAF_CHECK_EQUAL(next(), "whole last");
  settle();
  CAF_CHECK(desk.idle());
}

CAF_TEST(who is there is not forgotten) {
  is_in(desk, ann, "a");
  desk.forget(ann);
  CAF_CHECK_EQUAL(next(), "-");
  CAF_CHECK_EQUAL(desk.users(), 1u);
}

// -- everything again ---------------------------------------------------------------------

CAF_TEST(after an outage all who are there are named and nobody else) {
  is_in(desk, ann, "a");
  is_in(desk, bob, "b");
  desk.leave(ann, "", now);
  enter(cleo, "c");
  desk.resync();
  CAF_CHECK_EQUAL(next(), R"(whole enter 2 "b" enter 3 "c")");
}

CAF_TEST(a long list is named whole and entered in parts) {
  for (uint64_t i = 1; i <= limits::presence_batch + 1; ++i) enter(connection_id{i}, "u");
  desk.resync();
  const auto first = desk.next(now);
  CAF_REQUIRE(first && first->whole);
  CAF_CHECK_EQUAL(first->ops.size(), limits::presence_batch + 1);
  CAF_CHECK(first->ops.back().step == presence_step::keep);
  CAF_CHECK(desk.settle(first->ticket, true, now));
  const auto second = desk.next(now);
  CAF_REQUIRE(second && !second->whole);
  CAF_CHECK_EQUAL(second->ops.size(), 1u);
  CAF_CHECK(second->ops.back().step == presence_step::enter);
}

CAF_TEST(a room that never had a user has nothing to say) {
  desk.resync();
  CAF_CHECK_EQUAL(next(), "-");
  CAF_CHECK(desk.idle());
}

CAF_TEST(the bus that is back is told at once) {
  is_in(desk, ann, "a");
  enter(bob, "b");
  next();
  settle(false);
  desk.resync();
  CAF_CHECK_EQUAL(next(), R"(whole enter 1 "a")");
}

// -- grace ------------------------------------------------------------------------------------

CAF_TEST(a broken connection goes when its grace is over) {
  is_in(lenient, ann, "a");
  CAF_CHECK(lenient.leave(ann, "disconnect", now));
  CAF_CHECK_EQUAL(next(lenient), "-");
  CAF_CHECK(!lenient.idle());
  CAF_REQUIRE(lenient.due(true).has_value());
  CAF_CHECK(*lenient.due(true) == now + 10s);
  now += 10s - 1ms;
  lenient.advance(now);
  CAF_CHECK_EQUAL(next(lenient), "-");
  now += 1ms;
  lenient.advance(now);
  CAF_CHECK_EQUAL(next(lenient), "part depart 1 disconnect last");
}

CAF_TEST(who asks to leave goes at once) {
  is_in(lenient, ann, "a");
  lenient.leave(ann, "", now);
  CAF_CHECK_EQUAL(next(lenient), "part depart 1 last");
}

CAF_TEST(who returns within the grace has entered before the old connection departs) {
  is_in(lenient, ann, "a");
  lenient.leave(ann, "disconnect", now);
  now += 5s;
  enter(lenient, bob, "a");
  CAF_CHECK_EQUAL(next(lenient), R"(part enter 2 "a")");
  settle(lenient);
  now += 5s;
  lenient.advance(now);
  CAF_CHECK_EQUAL(next(lenient), "part depart 1 disconnect");
}

CAF_TEST(who is in its grace is still named after an outage) {
  is_in(lenient, ann, "a");
  lenient.leave(ann, "disconnect", now);
  lenient.resync();
  CAF_CHECK_EQUAL(next(lenient), R"(whole enter 1 "a")");
}

CAF_TEST(in a hurry there is no grace and no second attempt) {
  is_in(lenient, ann, "a");
  is_in(lenient, bob, "b");
  lenient.leave(ann, "disconnect", now);
  lenient.hurry();
  CAF_CHECK_EQUAL(next(lenient), "part depart 1 disconnect");
  lenient.leave(bob, "disconnect", now);
  settle(lenient);
  CAF_CHECK_EQUAL(next(lenient), "part depart 2 disconnect last");
  settle(lenient, false);
  CAF_CHECK(lenient.idle());
}

CAF_TEST(over the bound the oldest grace ends early) {
  for (uint64_t i = 1; i <= limits::max_graces + 1; ++i) {
    is_in(lenient, connection_id{i}, "u" + std::to_string(i));
    lenient.leave(connection_id{i}, "disconnect", now);
  }
  CAF_CHECK_EQUAL(next(lenient), "part depart 1 disconnect");
}

CAF_TEST_FIXTURE_SCOPE_END()
