#define CAF_SUITE timeline
#include "actors/timeline.hpp"

#include "core/limits.hpp"

#include <caf/test/dsl.hpp>

#include <string>
#include <vector>

using namespace roomcast;
using actors::log_page;
using actors::timeline;
using wanted = timeline::read;

namespace {

constexpr epoch_id first{1};
constexpr epoch_id second{2};

/// A timeline and what came out of it, one word each: `5`, `gap 1:3-4`.
struct fixture : timeline::output {
  virtual ~fixture() = default;

  timeline subject;
  std::vector<std::string> out;

  void on_event(const shared_bytes& text, uint64_t seq, connection_id) override {
    CAF_CHECK_EQUAL(std::string{text.view()}, std::to_string(seq));
    out.push_back(std::to_string(seq));
  }
  void on_gap(epoch_id epoch, uint64_t from, uint64_t to) override {
    out.push_back(
        "gap " + std::to_string(static_cast<uint64_t>(epoch)) + ":" + std::to_string(from) + "-"
        + std::to_string(to));
  }

  static shared_bytes text_of(uint64_t seq) { return shared_bytes{std::to_string(seq)}; }
  void brings(uint64_t seq, epoch_id epoch = first) {
    subject.event(text_of(seq), {epoch, seq}, connection_id{}, *this);
  }
  /// Carries out the next read, which has to be this one.
  timeline::order expects(wanted what) {
    const auto order = subject.next();
    CAF_CHECK(order.what == what);
    return order;
  }
  void place(position top) { subject.place_read(expects(wanted::place).ticket, top, *this); }
  void page(uint64_t top, std::vector<uint64_t> seqs, bool more = false) {
    const auto order = expects(wanted::entries);
    give(order, {first, top}, std::move(seqs), more);
  }
  void give(timeline::order order, position top, std::vector<uint64_t> seqs, bool more = false) {
    log_page page{top, order.after.seq, {}, more};
    for (auto seq : seqs) page.entries.push_back({seq, text_of(seq)});
    subject.page_read(order.ticket, page, *this);
  }
  void live_at(uint64_t seq) {
    subject.attached();
    place({first, seq});
  }
  std::string heard() {
    std::string all;
    for (const auto& each : std::exchange(out, {})) all += (all.empty() ? "" : " ") + each;
    return all;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(timeline_tests, fixture)

CAF_TEST(nothing comes out before the place is known) {
  subject.attached();
  CAF_CHECK(!subject.ready());
  brings(7);
  brings(8);
  CAF_CHECK_EQUAL(heard(), "");
  place({first, 6});
  CAF_CHECK(subject.ready());
  CAF_CHECK_EQUAL(heard(), "7 8");
  CAF_CHECK(subject.at() == (position{first, 8}));
}

CAF_TEST(what is older than the place stays out) {
  subject.attached();
  brings(7);
  place({first, 7});
  CAF_CHECK_EQUAL(heard(), "");
  brings(7);
  brings(8);
  CAF_CHECK_EQUAL(heard(), "8");
  expects(wanted::nothing);
}

CAF_TEST(a hole is read from the log before what is behind it) {
  live_at(3);
  brings(6);
  brings(7);
  CAF_CHECK_EQUAL(heard(), "");
  page(7, {4, 5, 6, 7});
  CAF_CHECK_EQUAL(heard(), "4 5 6 7");
  CAF_CHECK_EQUAL(subject.repaired(), 4u);
  brings(8);
  CAF_CHECK_EQUAL(heard(), "8");
  expects(wanted::nothing);
}

CAF_TEST(one read is under way at a time) {
  live_at(3);
  brings(6);
  const auto order = expects(wanted::entries);
  brings(9);
  expects(wanted::nothing);
  give(order, {first, 6}, {4, 5, 6});
  CAF_CHECK_EQUAL(heard(), "4 5 6");
  page(9, {7, 8, 9});
  CAF_CHECK_EQUAL(heard(), "7 8 9");
}

CAF_TEST(a long hole is read page by page) {
  live_at(0);
  brings(6);
  page(6, {1, 2}, true);
  page(6, {3, 4}, true);
  page(6, {5, 6});
  CAF_CHECK_EQUAL(heard(), "1 2 3 4 5 6");
  expects(wanted::nothing);
}

CAF_TEST(what the log has no more is a gap) {
  live_at(3);
  brings(9);
  page(9, {7, 8, 9});
  CAF_CHECK_EQUAL(heard(), "gap 1:4-6 7 8 9");
  CAF_CHECK_EQUAL(subject.lost_for_good(), 3u);
}

CAF_TEST(an empty log is a gap up to its top) {
  live_at(3);
  brings(9);
  page(9, {});
  CAF_CHECK_EQUAL(heard(), "gap 1:4-9");
  brings(10);
  CAF_CHECK_EQUAL(heard(), "10");
}

CAF_TEST(after an outage the missed ones come first) {
  live_at(3);
  subject.lost();
  CAF_CHECK(!subject.ready());
  subject.attached();
  brings(6);
  place({first, 6});
  page(6, {4, 5, 6});
  CAF_CHECK_EQUAL(heard(), "4 5 6");
  CAF_CHECK(subject.ready());
}

CAF_TEST(what an outage still brought comes from the log or not at all) {
  live_at(6);
  subject.lost();
  subject.event(shared_bytes{"lost by Redis"}, {first, 7}, connection_id{}, *this);
  subject.attached();
  place({first, 7}); // given again
  page(7, {7});
  CAF_CHECK_EQUAL(heard(), "7");
}

CAF_TEST(an outage makes answers to earlier reads void) {
  subject.attached();
  const auto order = expects(wanted::place);
  subject.lost();
  subject.attached();
  subject.place_read(order.ticket, {first, 100}, *this);
  CAF_CHECK(!subject.ready());
  place({first, 3});
  CAF_CHECK(subject.at() == (position{first, 3}));
}

CAF_TEST(a read that failed is repeated) {
  subject.attached();
  CAF_CHECK(subject.read_failed(expects(wanted::place).ticket));
  place({first, 3});
  brings(5);
  const auto order = expects(wanted::entries);
  CAF_CHECK(subject.read_failed(order.ticket));
  CAF_CHECK(!subject.read_failed(order.ticket));
  page(5, {4, 5});
  CAF_CHECK_EQUAL(heard(), "4 5");
}

CAF_TEST(a new epoch begins with a gap of nothing) {
  live_at(3);
  brings(1, second);
  CAF_CHECK(!subject.ready());
  brings(2, second);
  place({second, 2});
  CAF_CHECK_EQUAL(heard(), "gap 2:1-0 1 2");
  // the place had been read behind both: the log has nothing to add
  give(expects(wanted::entries), {second, 2}, {1, 2});
  CAF_CHECK_EQUAL(heard(), "");
  brings(3, second);
  CAF_CHECK_EQUAL(heard(), "3");
}

CAF_TEST(the messages of a new epoch that nobody brought are read) {
  live_at(3);
  subject.lost();
  subject.attached();
  place({second, 2});
  give(expects(wanted::entries), {second, 2}, {1, 2});
  CAF_CHECK_EQUAL(heard(), "gap 2:1-0 1 2");
}

CAF_TEST(a late event of an old epoch is dropped) {
  live_at(3);
  brings(9, second);
  place({first, 3});
  CAF_CHECK_EQUAL(heard(), "");
  brings(4);
  CAF_CHECK_EQUAL(heard(), "4");
}

CAF_TEST(a bus below the place of the room gets a new epoch) {
  live_at(8);
  subject.lost();
  subject.attached();
  place({first, 5});
  brings(6); // given twice
  const auto order = expects(wanted::new_epoch);
  CAF_CHECK(order.after == (position{first, 8}));
  CAF_CHECK(!subject.ready());
  subject.place_read(order.ticket, {second, 0}, *this);
  CAF_CHECK_EQUAL(heard(), "gap 2:1-0");
  brings(1, second);
  CAF_CHECK_EQUAL(heard(), "1");
}

CAF_TEST(a page that is older than the newest events asks for no new epoch) {
  live_at(3);
  brings(5);
  const auto order = expects(wanted::entries);
  brings(4); // late after all
  CAF_CHECK_EQUAL(heard(), "4 5");
  brings(6);
  give(order, {first, 5}, {4, 5});
  CAF_CHECK_EQUAL(heard(), "6");
  expects(wanted::nothing);
}

CAF_TEST(a page of another epoch makes the place be read anew) {
  live_at(3);
  brings(5);
  give(expects(wanted::entries), {second, 1}, {1});
  CAF_CHECK_EQUAL(heard(), "");
  place({second, 1});
  give(expects(wanted::entries), {second, 1}, {1});
  CAF_CHECK_EQUAL(heard(), "gap 2:1-0 1");
}

CAF_TEST(too much behind a hole is dropped and read from the log) {
  live_at(0);
  const std::string large(limits::max_held_bytes / 2, 'x');
  for (uint64_t seq : {2, 3, 4}) subject.event(shared_bytes{large}, {first, seq}, connection_id{}, *this);
  CAF_CHECK(subject.held_bytes() <= limits::max_held_bytes);
  page(4, {1, 2, 3, 4});
  CAF_CHECK_EQUAL(heard(), "1 2 3 4");
  place({first, 5}); // something may have been dropped behind the page
  page(5, {5});
  CAF_CHECK_EQUAL(heard(), "5");
}

CAF_TEST_FIXTURE_SCOPE_END()
