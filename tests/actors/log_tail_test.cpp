#define CAF_SUITE log_tail
#include "actors/log_tail.hpp"

#include "core/limits.hpp"

#include <caf/test/dsl.hpp>

#include <string>

using namespace roomcast;
using actors::log_tail;

namespace {

std::string behind(const log_tail& tail, uint64_t after) {
  std::string all;
  tail.for_each_after(after, [&](const actors::log_entry& e) { all += std::to_string(e.seq) + ' '; });
  return all;
}

void push(log_tail& tail, std::initializer_list<uint64_t> seqs) {
  for (auto seq : seqs) tail.push(seq, shared_bytes{"{}"});
}

} // namespace

CAF_TEST(the newest messages are there) {
  log_tail tail{3};
  push(tail, {5, 6, 7, 8});
  CAF_CHECK_EQUAL(behind(tail, 0), "6 7 8 ");
  CAF_CHECK_EQUAL(behind(tail, 6), "7 8 ");
  CAF_CHECK_EQUAL(behind(tail, 8), "");
}

CAF_TEST(it knows what it covers) {
  log_tail tail{3};
  CAF_CHECK(tail.covers(4, 4));
  CAF_CHECK(!tail.covers(4, 5));
  push(tail, {5, 6, 7, 8});
  CAF_CHECK(tail.covers(5, 8));
  CAF_CHECK(!tail.covers(4, 8));
  CAF_CHECK(tail.covers(8, 8));
  CAF_CHECK(!tail.covers(8, 9));
}

CAF_TEST(a hole begins it anew) {
  log_tail tail{10};
  push(tail, {5, 6, 9});
  CAF_CHECK_EQUAL(behind(tail, 0), "9 ");
  tail.clear();
  CAF_CHECK_EQUAL(tail.bytes(), 0u);
  CAF_CHECK(!tail.covers(8, 9));
}

CAF_TEST(what was read in front of it is kept as far as there is room) {
  auto read = [](std::initializer_list<uint64_t> seqs) {
    std::vector<actors::log_entry> out;
    for (auto seq : seqs) out.push_back({seq, shared_bytes{"{}"}});
    return out;
  };
  log_tail tail{4};
  push(tail, {5, 6});
  tail.prepend(read({1, 2}), 6); // not next to it
  CAF_CHECK_EQUAL(behind(tail, 0), "5 6 ");
  tail.prepend(read({2, 3, 4, 5, 6}), 6);
  CAF_CHECK_EQUAL(behind(tail, 0), "3 4 5 6 ");
  push(tail, {7});
  CAF_CHECK_EQUAL(behind(tail, 0), "4 5 6 7 ");
  log_tail fresh{4};
  fresh.prepend(read({5, 6, 7}), 6);
  CAF_CHECK_EQUAL(behind(fresh, 0), "5 6 ");
  CAF_CHECK(fresh.covers(4, 6));
}

CAF_TEST(its bytes are bounded) {
  log_tail tail{1'000'000};
  const shared_bytes large{std::string(10'000, 'x')};
  for (uint64_t seq = 1; seq <= 100; ++seq) {
    tail.push(seq, large);
    CAF_REQUIRE(tail.bytes() <= limits::max_tail_bytes);
  }
  CAF_CHECK(tail.covers(100 - limits::max_tail_bytes / 10'000, 100));
}

CAF_TEST(its bytes may be bounded more tightly) {
  log_tail tail{100, 25};
  const shared_bytes text{std::string(10, 'x')};
  for (uint64_t seq = 1; seq <= 5; ++seq) tail.push(seq, text);
  CAF_CHECK_EQUAL(behind(tail, 0), "4 5 ");
}
