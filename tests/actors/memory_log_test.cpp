#define CAF_SUITE memory_log
#include "actors/memory_log.hpp"

#include "core/limits.hpp"

#include <caf/test/dsl.hpp>

#include <string>

using namespace roomcast;
using namespace roomcast::actors;
using namespace std::chrono_literals;

namespace {

struct fixture {
  memory_log subject;
  room_name r = *room_name::parse("r");
  history_rule rule{5, 1h};
  uint64_t now = 1'000;

  memory_log::outcome publish(std::string_view text, std::string_view key = {}) {
    return subject.publish(r, rule, text, key, now);
  }
  void publish_many(int count) {
    for (int i = 0; i < count; ++i) publish("{}");
  }
  static std::string seqs(const log_page& page) {
    std::string all;
    for (const auto& e : page.entries) all += std::to_string(e.seq) + ' ';
    return all + (page.more ? "more" : "");
  }
  std::string behind(uint64_t after, size_t bytes = 1'000) {
    return seqs(subject.read(r, after, bytes, false, now));
  }
  std::string around(uint64_t after, size_t bytes = 1'000) {
    const auto page = subject.read(r, after, bytes, true, now);
    return seqs(page) + "behind " + std::to_string(page.after);
  }
  std::string newest(uint64_t before, size_t limit, size_t bytes = 1'000) {
    return seqs(subject.read_newest(r, before, limit, bytes, now));
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(memory_log_tests, fixture)

CAF_TEST(messages are numbered from one in one epoch) {
  const auto first = publish("{}");
  const auto second = publish("{}");
  CAF_CHECK_EQUAL(first.at.seq, 1u);
  CAF_CHECK_EQUAL(second.at.seq, 2u);
  CAF_CHECK(first.at.epoch == second.at.epoch && first.at);
  CAF_CHECK(subject.place(r, now) == second.at);
}

CAF_TEST(rooms have epochs of their own) {
  CAF_CHECK(!(publish("{}").at.epoch == subject.place(*room_name::parse("other"), now).epoch));
}

CAF_TEST(the newest are kept) {
  publish_many(8);
  CAF_CHECK_EQUAL(behind(0), "4 5 6 7 8 ");
  CAF_CHECK_EQUAL(behind(6), "7 8 ");
  CAF_CHECK_EQUAL(behind(8), "");
}

CAF_TEST(a page around a number ends with the newest and begins as early as its bytes go) {
  publish_many(7);
  CAF_CHECK_EQUAL(around(5), "3 4 5 6 7 behind 2");
  CAF_CHECK_EQUAL(around(7), "3 4 5 6 7 behind 2");
  CAF_CHECK_EQUAL(around(5, 4), "6 7 behind 5");
  CAF_CHECK_EQUAL(around(5, 8), "4 5 6 7 behind 3");
  CAF_CHECK_EQUAL(around(5, 9), "4 5 6 7 behind 3");
  CAF_CHECK_EQUAL(around(2, 4), "3 4 morebehind 2");
  now += 3'600'000;
  CAF_CHECK_EQUAL(around(5), "behind 5");
}

CAF_TEST(pages are bounded in bytes and have at least one message) {
  publish_many(5);
  CAF_CHECK_EQUAL(behind(0, 4), "1 2 more");
  CAF_CHECK_EQUAL(behind(2, 1), "3 more");
  CAF_CHECK_EQUAL(behind(4, 1), "5 ");
}

CAF_TEST(history is read backwards and given forwards) {
  publish_many(5);
  CAF_CHECK_EQUAL(newest(0, 2), "4 5 more");
  CAF_CHECK_EQUAL(newest(4, 2), "2 3 more");
  CAF_CHECK_EQUAL(newest(2, 2), "1 ");
  CAF_CHECK_EQUAL(newest(1, 2), "");
  CAF_CHECK_EQUAL(newest(0, 10, 5), "4 5 more");
}

CAF_TEST(a room without messages has a place only if it was asked for) {
  CAF_CHECK(!subject.read_newest(r, 0, 10, 1'000, now).top);
  CAF_CHECK_EQUAL(subject.rooms(), 0u);
  CAF_CHECK_EQUAL(subject.place(r, now).seq, 0u);
  CAF_CHECK(subject.read_newest(r, 0, 10, 1'000, now).top);
}

CAF_TEST(messages expire together and their numbers go on) {
  publish_many(3);
  now += 3'599'999;
  CAF_CHECK_EQUAL(behind(0), "1 2 3 ");
  now += 1;
  CAF_CHECK_EQUAL(behind(0), "");
  CAF_CHECK_EQUAL(subject.bytes(), 0u);
  CAF_CHECK_EQUAL(publish("{}").at.seq, 4u);
}

CAF_TEST(a key publishes once) {
  const auto first = publish("{}", "k");
  const auto again = publish("{}", "k");
  CAF_CHECK(!first.repeated && again.repeated);
  CAF_CHECK(first.at == again.at);
  CAF_CHECK(!publish("{}", "other").repeated);
  CAF_CHECK_EQUAL(behind(0), "1 2 ");
}

CAF_TEST(a key is forgotten after five minutes) {
  publish("{}", "k");
  now += 299'999;
  CAF_CHECK(publish("{}", "k").repeated);
  now += 1;
  CAF_CHECK(!publish("{}", "k").repeated);
  now += 299'999;
  CAF_CHECK(publish("{}", "k").repeated); // the second use counts from its own time
}

CAF_TEST(a key belongs to its room) {
  publish("{}", "k");
  CAF_CHECK(!subject.publish(*room_name::parse("other"), rule, "{}", "k", now).repeated);
}

CAF_TEST(a key of a room without history is new once in five minutes) {
  CAF_CHECK(subject.use_key(r, "k", now));
  CAF_CHECK(!subject.use_key(r, "k", now));
  CAF_CHECK(subject.use_key(r, "other", now));
  CAF_CHECK(subject.use_key(*room_name::parse("other"), "k", now));
  now += 299'999;
  CAF_CHECK(!subject.use_key(r, "k", now));
  now += 1;
  CAF_CHECK(subject.use_key(r, "k", now));
  CAF_CHECK_EQUAL(subject.rooms(), 0u);
}

CAF_TEST(the room that was used least lately pays for too many bytes) {
  const history_rule many{10'000, 1h};
  const std::string large(1'000'000, 'x');
  const auto busy = *room_name::parse("busy");
  publish("{}");
  for (int i = 0; i < 400; ++i) {
    subject.publish(busy, many, large, {}, now);
    if (i == 100) CAF_CHECK_EQUAL(behind(0), "1 ");
  }
  CAF_CHECK_EQUAL(behind(0), "");
  CAF_CHECK_EQUAL(subject.evicted(), 1u);
  CAF_CHECK_EQUAL(publish("{}").at.seq, 2u);
}

CAF_TEST(what is dropped for its age or the size of a history is not counted as evicted) {
  publish_many(20);
  now += 7'200'000;
  publish("{}");
  CAF_CHECK_EQUAL(subject.evicted(), 0u);
}

CAF_TEST(numberings are bounded) {
  for (size_t i = 0; i < limits::memory_log_rooms + 10; ++i)
    subject.place(*room_name::parse(std::to_string(i)), now);
  CAF_CHECK_EQUAL(subject.rooms(), limits::memory_log_rooms);
}

CAF_TEST_FIXTURE_SCOPE_END()
