#define CAF_SUITE lease_watch
#include "actors/lease_watch.hpp"

#include "core/limits.hpp"

#include <caf/test/dsl.hpp>

using namespace roomcast;
using namespace roomcast::actors;
using namespace std::chrono_literals;

namespace {

using names = std::vector<std::string>;

struct fixture {
  lease_watch watch;
  lease_watch::time now{1h};

  lease_watch::verdict beat(names silent = {}, bool was_new = false) {
    return watch.answered(now, was_new, std::move(silent));
  }
  /// Heartbeats on time, one a second.
  void live(std::chrono::seconds time) {
    for (; time > 0s; time -= 1s) {
      now += 1s;
      beat();
    }
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(lease_watch_tests, fixture)

CAF_TEST(nobody is dead before our own heartbeats were on time for a full lease) {
  beat({"b"});
  for (int second = 1; second < 6; ++second) {
    now += 1s;
    CAF_CHECK_EQUAL(beat({"b"}).dead, names{});
    CAF_CHECK(!watch.steady(now));
  }
  now += 1s;
  CAF_CHECK_EQUAL(beat({"b"}).dead, names{"b"});
  CAF_CHECK(watch.steady(now));
}

CAF_TEST(two heartbeats in a row must have found it) {
  beat();
  live(10s);
  now += 1s;
  CAF_CHECK_EQUAL(beat({"b", "c"}).dead, names{});
  now += 1s;
  CAF_CHECK_EQUAL(beat({"c", "d"}).dead, names{"c"});
  now += 1s;
  CAF_CHECK_EQUAL(beat({"b"}).dead, names{});
}

CAF_TEST(a Redis that stood still kills nobody) {
  beat();
  live(10s);
  now += 8s; // then all that was sent meanwhile is answered at once
  for (int i = 0; i < 3; ++i) CAF_CHECK_EQUAL(beat({"b"}).dead, names{});
  CAF_CHECK(!watch.steady(now));
  live(6s);
  CAF_CHECK(watch.steady(now));
}

CAF_TEST(a failed heartbeat starts the lease anew) {
  beat();
  live(10s);
  watch.failed();
  CAF_CHECK(!watch.steady(now));
  now += 1s;
  CAF_CHECK_EQUAL(beat({"b"}).dead, names{});
  live(6s);
  CAF_CHECK(watch.steady(now));
}

CAF_TEST(steadiness ends with the heartbeats) {
  beat();
  live(10s);
  CAF_CHECK(watch.steady(now + limits::heartbeat_late));
  CAF_CHECK(!watch.steady(now + limits::heartbeat_late + 1ms));
}

CAF_TEST(who has to be listed again was forgotten but not the first time) {
  CAF_CHECK(!beat({}, true).forgotten);
  now += 1s;
  CAF_CHECK(!beat({}, false).forgotten);
  now += 1s;
  CAF_CHECK(beat({}, true).forgotten);
}

CAF_TEST_FIXTURE_SCOPE_END()
