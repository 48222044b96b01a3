#define CAF_SUITE rate_limiter
#include "actors/rate_limiter.hpp"

#include <caf/test/dsl.hpp>

using namespace roomcast::actors;

CAF_TEST(no limits let everything pass) {
  CAF_CHECK(!rate_limits{}.any());
  rate_limiter subject{{}, 0};
  for (int i = 0; i < 1'000; ++i) CAF_CHECK(subject.accept(1'000'000, 0));
  CAF_CHECK(!subject.flooding(0));
}

CAF_TEST(messages are limited whatever their size) {
  rate_limiter subject{{2, 0}, 0};
  CAF_CHECK(subject.accept(1'000'000, 0));
  CAF_CHECK(subject.accept(1, 0));
  CAF_CHECK(!subject.accept(1, 0));
  CAF_CHECK(subject.accept(1, 500));
}

CAF_TEST(bytes are limited whatever their number of messages) {
  rate_limiter subject{{0, 100}, 0};
  CAF_CHECK(subject.accept(60, 0));
  CAF_CHECK(!subject.accept(60, 0));
  CAF_CHECK(subject.accept(40, 0));
  CAF_CHECK(!subject.accept(1, 0));
}

CAF_TEST(more than ten times a limit is a flood also when all of it is refused) {
  rate_limiter subject{{2, 0}, 0};
  for (int i = 0; i < 20; ++i) subject.accept(1, 0);
  CAF_CHECK(!subject.flooding(0));
  subject.accept(1, 0);
  CAF_CHECK(subject.flooding(0));
  CAF_CHECK(!subject.flooding(250));
}

CAF_TEST(a flood of bytes is one too) {
  rate_limiter subject{{1'000'000, 100}, 0};
  subject.came(1'001, 0);
  CAF_CHECK(subject.flooding(0));
  CAF_CHECK(!subject.flooding(1));
}
