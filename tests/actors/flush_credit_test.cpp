#define CAF_SUITE flush_credit
#include "actors/flush_credit.hpp"

#include <caf/test/dsl.hpp>

using namespace roomcast;
using namespace roomcast::actors;

namespace {

struct fixture {
  int reliefs = 0;
  ref<unflushed_bytes> pool = ref<unflushed_bytes>::make(100, [this] { ++reliefs; });
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(flush_credit_tests, fixture)

CAF_TEST(a credit gives back what it added when it goes) {
  {
    flush_credit credit{pool};
    credit.add(30);
    credit.add(12);
    CAF_CHECK_EQUAL(pool->sum(), 42u);
  }
  CAF_CHECK_EQUAL(pool->sum(), 0u);
}

CAF_TEST(a moved credit gives back once) {
  flush_credit first{pool};
  first.add(10);
  {
    flush_credit second{std::move(first)};
    CAF_CHECK_EQUAL(pool->sum(), 10u);
  }
  CAF_CHECK_EQUAL(pool->sum(), 0u);
}

CAF_TEST(a merged credit gives back both shares) {
  {
    flush_credit all;
    for (size_t n : {10u, 20u}) {
      flush_credit part{pool};
      part.add(n);
      all.merge(std::move(part));
    }
    all.merge(flush_credit{});
    CAF_CHECK_EQUAL(pool->sum(), 30u);
  }
  CAF_CHECK_EQUAL(pool->sum(), 0u);
}

CAF_TEST(at the bound it is not over and one byte more is) {
  flush_credit credit{pool};
  credit.add(100);
  CAF_CHECK(!pool->over());
  credit.add(1);
  CAF_CHECK(pool->over());
}

CAF_TEST(relief comes once and at half the bound and only to those who were over) {
  pool->add(60);
  pool->remove(60);
  CAF_CHECK_EQUAL(reliefs, 0);
  pool->add(120);
  CAF_CHECK(pool->over());
  pool->remove(69);
  CAF_CHECK_EQUAL(reliefs, 0);
  pool->remove(1);
  CAF_CHECK_EQUAL(reliefs, 1);
  pool->remove(50);
  CAF_CHECK_EQUAL(reliefs, 1);
}

CAF_TEST_FIXTURE_SCOPE_END()
