#define CAF_SUITE timer_wheel
#include "net/timer_wheel.hpp"

#include <caf/test/dsl.hpp>

#include <functional>
#include <memory>
#include <vector>

using namespace roomcast::net;
using namespace std::chrono_literals;

namespace {

struct probe final : timer_wheel::timer {
  explicit probe(std::function<void()> then = {}) : then_(std::move(then)) {}
  void on_timer() override {
    ++runs;
    if (auto then = then_) then();
  }
  int runs = 0;

private:
  std::function<void()> then_;
};

struct fixture {
  timer_wheel wheel;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(timer_wheel_tests, fixture)

CAF_TEST(a timer runs never early and at most one tick late) {
  for (uint64_t delay = 0; delay < 2'000; delay += 10) {
    timer_wheel fresh;
    probe t;
    fresh.set(t, std::chrono::milliseconds{delay});
    uint64_t ran_at = 0;
    for (uint64_t now = 10; ran_at == 0 && now < 10'000; now += 10) {
      fresh.advance(now);
      if (t.runs > 0) ran_at = now;
    }
    CAF_CHECK(ran_at >= delay);
    CAF_CHECK(ran_at <= delay + 250);
    CAF_CHECK(!t.pending());
  }
}

CAF_TEST(a timer runs once) {
  probe t;
  wheel.set(t, 1s);
  CAF_CHECK(t.pending());
  for (uint64_t now = 0; now < 300'000; now += 250) wheel.advance(now);
  CAF_CHECK_EQUAL(t.runs, 1);
}

CAF_TEST(a cancelled timer does not run and may be set again) {
  probe t;
  wheel.set(t, 1s);
  t.cancel();
  t.cancel();
  CAF_CHECK(!t.pending());
  wheel.advance(5'000);
  CAF_CHECK_EQUAL(t.runs, 0);
  wheel.set(t, 1s);
  wheel.advance(10'000);
  CAF_CHECK_EQUAL(t.runs, 1);
}

CAF_TEST(a pending timer that is set again moves) {
  probe t;
  wheel.set(t, 1s);
  wheel.set(t, 20s);
  wheel.advance(19'000);
  CAF_CHECK_EQUAL(t.runs, 0);
  wheel.set(t, 1s);
  wheel.advance(20'250);
  CAF_CHECK_EQUAL(t.runs, 1);
}

CAF_TEST(a timer beyond one round waits for its round) {
  probe near;
  probe far;
  wheel.set(near, 2s);
  wheel.set(far, 128s + 2s); // the same slot
  wheel.advance(3'000);
  CAF_CHECK_EQUAL(near.runs, 1);
  CAF_CHECK_EQUAL(far.runs, 0);
  for (uint64_t now = 3'000; now < 130'000; now += 250) wheel.advance(now);
  CAF_CHECK_EQUAL(far.runs, 0);
  wheel.advance(130'250);
  CAF_CHECK_EQUAL(far.runs, 1);
}

CAF_TEST(a long pause runs everything due and nothing else) {
  std::vector<std::unique_ptr<probe>> due;
  for (int i = 0; i < 600; ++i) {
    due.push_back(std::make_unique<probe>());
    wheel.set(*due.back(), i * 1s);
  }
  probe later;
  wheel.set(later, 2h);
  wheel.advance(3'600'000);
  for (auto& t : due) CAF_CHECK_EQUAL(t->runs, 1);
  CAF_CHECK_EQUAL(later.runs, 0);
  wheel.advance(7'200'250);
  CAF_CHECK_EQUAL(later.runs, 1);
}

CAF_TEST(a timer may cancel and reset its neighbours while their slot is walked) {
  probe victim;
  probe moved;
  probe first{[&] {
    victim.cancel();
    wheel.set(moved, 1s);
  }};
  wheel.set(first, 1s);
  wheel.set(victim, 1s);
  wheel.set(moved, 1s);
  wheel.advance(2'000);
  CAF_CHECK_EQUAL(first.runs, 1);
  CAF_CHECK_EQUAL(victim.runs, 0);
  CAF_CHECK_EQUAL(moved.runs, 0);
  wheel.advance(3'250);
  CAF_CHECK_EQUAL(moved.runs, 1);
}

CAF_TEST(a timer may set itself again without running twice in one turn) {
  probe* self = nullptr;
  probe t{[&] { wheel.set(*self, 0ms); }};
  self = &t;
  wheel.set(t, 0ms);
  wheel.advance(60'000);
  CAF_CHECK_EQUAL(t.runs, 1);
  wheel.advance(60'250);
  CAF_CHECK_EQUAL(t.runs, 2);
}

CAF_TEST(a timer may destroy itself and others when it runs) {
  auto other = std::make_unique<probe>();
  std::unique_ptr<probe> self;
  self = std::make_unique<probe>([&] {
    other.reset();
    self.reset();
  });
  wheel.set(*self, 1s);
  wheel.set(*other, 1s);
  wheel.advance(2'000);
  CAF_CHECK(!self);
  CAF_CHECK(!other);
}

CAF_TEST(a timer outlives its wheel) {
  probe t;
  {
    timer_wheel short_lived;
    short_lived.set(t, 1s);
  }
  CAF_CHECK(!t.pending());
}

CAF_TEST(time never runs backwards) {
  probe t;
  wheel.advance(10'000);
  wheel.set(t, 1s);
  wheel.advance(5'000);
  CAF_CHECK_EQUAL(wheel.now_ms(), 10'000u);
  wheel.advance(11'250);
  CAF_CHECK_EQUAL(t.runs, 1);
}

CAF_TEST_FIXTURE_SCOPE_END()
