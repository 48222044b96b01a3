#define CAF_SUITE token_bucket
#include "core/token_bucket.hpp"

#include <caf/test/dsl.hpp>

using namespace roomcast;

namespace {

/// How many of `wanted` single units pass at that time.
int pass(token_bucket& bucket, int wanted, uint64_t now_ms) {
  int passed = 0;
  for (int i = 0; i < wanted; ++i) passed += bucket.take(1, now_ms) ? 1 : 0;
  return passed;
}

} // namespace

CAF_TEST(a burst of one second passes at once and no more) {
  token_bucket bucket{5, 1'000};
  CAF_CHECK_EQUAL(pass(bucket, 100, 1'000), 5);
}

CAF_TEST(what is earned in small steps adds up) {
  token_bucket bucket{3, 0};
  CAF_CHECK_EQUAL(pass(bucket, 100, 0), 3);
  int passed = 0;
  for (uint64_t now = 1; now <= 10'000; ++now) passed += pass(bucket, 1, now);
  CAF_CHECK_EQUAL(passed, 30);
}

CAF_TEST(a long rest earns no more than one burst) {
  token_bucket bucket{5, 0};
  pass(bucket, 5, 0);
  CAF_CHECK_EQUAL(pass(bucket, 100, UINT64_MAX), 5);
}

CAF_TEST(time that stands still or goes back earns nothing) {
  token_bucket bucket{5, 1'000};
  pass(bucket, 5, 1'000);
  CAF_CHECK_EQUAL(pass(bucket, 5, 1'000), 0);
  CAF_CHECK_EQUAL(pass(bucket, 5, 0), 0);
}

CAF_TEST(what is larger than a burst passes when the bucket is full and is paid off) {
  token_bucket bucket{10, 0};
  CAF_CHECK(bucket.take(35, 0));
  CAF_CHECK(!bucket.take(1, 2'500));
  CAF_CHECK(bucket.take(1, 2'600));
  CAF_CHECK(!bucket.take(35, 2'700));
  CAF_CHECK(bucket.take(35, 4'000));
}

CAF_TEST(a charge may lead into debt) {
  token_bucket bucket{10, 0};
  bucket.charge(10, 0);
  CAF_CHECK(!bucket.in_debt(0));
  bucket.charge(10, 0);
  CAF_CHECK(bucket.in_debt(0));
  CAF_CHECK(bucket.in_debt(999));
  CAF_CHECK(!bucket.in_debt(1'000));
}

CAF_TEST(the largest rate does not overflow) {
  constexpr uint64_t rate = 1'000'000'000'000;
  token_bucket bucket{rate, 0};
  CAF_CHECK(bucket.take(rate, 0));
  CAF_CHECK(!bucket.take(1'000'000'001, 1));
  CAF_CHECK(bucket.take(1'000'000'000, 1));
  CAF_CHECK(bucket.take(rate, UINT64_MAX));
}
