#define CAF_SUITE intake
#include "actors/intake.hpp"

#include "core/limits.hpp"

#include <caf/test/dsl.hpp>

using namespace roomcast;
using actors::intake;

namespace {

constexpr actors::rate_limits ten_messages{10, 0};

std::string state_of(const intake& subject) { return subject.state(); }

} // namespace

CAF_TEST(without limits everything is within the rate and nothing floods) {
  intake subject{{}, 0};
  for (int i = 0; i < 10'000; ++i) CAF_REQUIRE(subject.within_rate(1'000'000, 0));
  CAF_CHECK(!subject.flood_begins(0));
  CAF_CHECK(subject.open());
  CAF_CHECK_EQUAL(state_of(subject), "open");
}

CAF_TEST(a message that waits closes the intake until it is released) {
  intake subject{{}, 0};
  CAF_CHECK(!subject.release());
  subject.hold("a request");
  CAF_CHECK(!subject.open());
  CAF_CHECK_EQUAL(state_of(subject), "waiting");
  CAF_CHECK_EQUAL(subject.release().value_or(""), "a request");
  CAF_CHECK(!subject.release());
  CAF_CHECK(subject.open());
}

CAF_TEST(releasing a message leaves the rates alone) {
  intake subject{ten_messages, 0};
  for (int i = 0; i < 10; ++i) CAF_CHECK(subject.within_rate(1, 0));
  subject.hold("a request");
  subject.release();
  CAF_CHECK(!subject.within_rate(1, 0));
}

CAF_TEST(a flood closes the intake until it is paid off) {
  intake subject{ten_messages, 0};
  int frames = 0;
  do {
    subject.within_rate(1, 0);
    ++frames;
  } while (!subject.flood_begins(0) && frames < 1'000);
  CAF_CHECK_EQUAL(frames, 101);
  CAF_CHECK(!subject.open());
  CAF_CHECK_EQUAL(state_of(subject), "flooding");
  CAF_CHECK(!subject.flood_begins(0)); // it is one already
  CAF_CHECK(!subject.flood_over(0));
  CAF_CHECK(subject.flood_over(1'000));
  CAF_CHECK(subject.open());
}

CAF_TEST(publishes want an answer if the client does or each 64 KiB) {
  intake subject{{}, 0};
  CAF_CHECK(subject.published(10, true).answer);
  CAF_CHECK(!subject.published(limits::ack_after_bytes - 1, false).answer);
  CAF_CHECK(subject.published(1, false).answer);
  CAF_CHECK(!subject.published(1, false).answer);
}

CAF_TEST(unanswered publishes close the intake) {
  intake subject{{}, 0};
  const auto first = subject.published(limits::stop_reading_bytes / 2, true);
  const auto second = subject.published(limits::stop_reading_bytes / 2, true);
  CAF_CHECK(!subject.open());
  subject.settled(first.position);
  CAF_CHECK(subject.open());
  subject.settled(second.position);
  subject.settled(first.position); // late: no step back
  CAF_CHECK(!subject.published(limits::ack_after_bytes - 1, false).answer);
  CAF_CHECK(subject.open());
}

CAF_TEST(positions go on behind four gigabytes) {
  intake subject{{}, 0};
  for (int i = 0; i < 5'000; ++i) {
    subject.settled(subject.published(1'000'000, true).position);
    CAF_REQUIRE(subject.open());
  }
  subject.published(limits::stop_reading_bytes, false);
  CAF_CHECK(!subject.open());
}

CAF_TEST(too many questions close the intake) {
  intake subject{{}, 0};
  for (unsigned i = 0; i < limits::max_questions; ++i) subject.asked();
  CAF_CHECK(!subject.open());
  subject.answered();
  CAF_CHECK(subject.open());
}

CAF_TEST(a past is over when all of it has come and most of it was read) {
  intake subject{{}, 0};
  CAF_CHECK(!subject.past_is_busy(false));
  subject.past_begins();
  CAF_CHECK(subject.past_is_busy(true));
  CAF_CHECK(subject.open());
  subject.past_ends();
  CAF_CHECK(subject.past_is_busy(false));
  CAF_CHECK(!subject.past_is_busy(true));
  CAF_CHECK(!subject.past_is_busy(false));
}

CAF_TEST(a past of which nothing comes is given up) {
  intake subject{{}, 0};
  subject.past_begins();
  subject.hold("a request");
  CAF_CHECK(!subject.past_is_stuck(2));
  subject.past_goes_on();
  CAF_CHECK(!subject.past_is_stuck(2));
  CAF_CHECK(subject.past_is_stuck(2));
  CAF_CHECK(!subject.past_is_busy(true));
}
