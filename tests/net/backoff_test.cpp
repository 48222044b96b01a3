#define CAF_SUITE backoff
#include "net/backoff.hpp"

#include <caf/test/dsl.hpp>

#include <algorithm>

using namespace roomcast::net;
using namespace std::chrono_literals;

CAF_TEST(no delay is above a ceiling that doubles up to the maximum) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    backoff waiting{50ms, 2s, seed};
    for (auto ceiling : {50ms, 100ms, 200ms, 400ms, 800ms, 1600ms, 2000ms, 2000ms}) {
      const auto delay = waiting.next();
      CAF_CHECK(delay >= 0ms);
      CAF_CHECK(delay <= ceiling);
    }
  }
}

CAF_TEST(delays fill the whole range) {
  auto shortest = 2000ms;
  auto longest = 0ms;
  backoff waiting{2s, 2s, 7};
  for (int i = 0; i < 500; ++i) {
    const auto delay = waiting.next();
    shortest = std::min(shortest, delay);
    longest = std::max(longest, delay);
  }
  CAF_CHECK(shortest < 100ms);
  CAF_CHECK(longest > 1900ms);
}

CAF_TEST(a reset begins again) {
  backoff waiting{50ms, 2s, 3};
  for (int i = 0; i < 10; ++i) waiting.next();
  waiting.reset();
  CAF_CHECK(waiting.next() <= 50ms);
}
