#define CAF_SUITE timeline_order
#include "actors/timeline.hpp"

#include <caf/test/dsl.hpp>

#include <algorithm>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <vector>

using namespace roomcast;
using actors::log_page;
using actors::timeline;
using wanted = timeline::read;

namespace {

/// A bus with a log, which may lose its subscription, its bookkeeping, and the beginning of its log; and a
/// room's timeline at it. Everything happens in an order drawn at random.
class world final : public timeline::output {
public:
  explicit world(uint32_t seed) : random_(seed) {}

  void run(int steps) {
    subject_.attached();
    for (int i = 0; i < steps; ++i) step();
    settle();
  }

  /// Empty: all is well.
  std::string verdict() const {
    if (subject_.at() != position{epoch_, seq_}) return "not at the top";
    return fault_;
  }
  uint64_t heard() const { return heard_; }
  uint64_t missed() const { return missed_; }

private:
  void step() {
    switch (draw(12)) {
    case 0: return draw(4) == 0 ? go_back() : cut();
    case 1: return draw(8) == 0 ? forget() : void();
    case 2: return draw(4) == 0 ? trim() : void();
    case 3:
    case 4: return answer();
    case 5: return draw(3) == 0 ? fail() : void();
    case 6:
    case 7:
    case 8: return publish();
    default: return deliver();
    }
  }

  void publish() {
    // Who publishes knows of what the room has, or the room would take it for what it had.
    if (subject_.at().epoch == epoch_ && seq_ < subject_.at().seq) forget();
    ++seq_;
    log_.push_back(seq_);
    if (attached_) on_the_way_.push_back({epoch_, seq_});
    // A link that broke without notice loses what is on it.
    if (attached_ && draw(20) == 0) on_the_way_.clear();
  }
  void deliver() {
    if (on_the_way_.empty()) return;
    const auto next = on_the_way_.front();
    if (draw(15) != 0) on_the_way_.pop_front(); // else it comes twice
    subject_.event(text_of(next), next, connection_id{}, *this);
  }
  void cut() {
    on_the_way_.clear();
    attached_ = false;
    subject_.lost();
    question_.reset();
    if (draw(2) == 0) publish();
    attached_ = true;
    subject_.attached();
  }
  void forget() {
    epoch_ = epoch_id{static_cast<uint64_t>(epoch_) + 1};
    seq_ = 0;
    log_.clear();
  }
  /// Redis comes back with older data: its links are new.
  void go_back() {
    seq_ -= draw(static_cast<uint32_t>(std::min<uint64_t>(seq_, 10)) + 1);
    while (!log_.empty() && log_.back() > seq_) log_.pop_back();
    on_the_way_.clear();
    subject_.lost();
    question_.reset();
    subject_.attached();
    if (draw(2) == 0) answer();
  }
  void trim() {
    while (log_.size() > 3) log_.pop_front();
  }
  void ask() {
    if (question_) return;
    const auto order = subject_.next();
    if (order.what == wanted::nothing) return;
    // Redis answers with what it has at some moment before the answer arrives.
    if (order.what == wanted::new_epoch && order.after.epoch == epoch_ && seq_ < order.after.seq) forget();
    question_ = {order, {epoch_, seq_}, {}, false};
    if (order.what != wanted::entries) return;
    for (auto seq : log_)
      if (seq > order.after.seq && question_->seqs.size() < 4) question_->seqs.push_back(seq);
    question_->more = !question_->seqs.empty() && question_->seqs.back() != log_.back();
  }
  void answer() {
    ask();
    if (!question_ || draw(3) == 0) return; // asked now, answered later
    const auto q = *std::exchange(question_, std::nullopt);
    if (q.order.what == wanted::entries) {
      log_page page{q.top, q.order.after.seq, {}, q.more};
      for (auto seq : q.seqs) page.entries.push_back({seq, text_of({q.top.epoch, seq})});
      subject_.page_read(q.order.ticket, page, *this);
    } else {
      subject_.place_read(q.order.ticket, q.top, *this);
    }
  }
  void fail() {
    if (!question_) return;
    subject_.read_failed(question_->order.ticket);
    question_.reset();
  }
  /// The bus is well again: all that is on its way arrives, all questions are answered.
  void settle() {
    for (int i = 0; i < 200; ++i) {
      if (!on_the_way_.empty()) deliver();
      answer();
    }
    if (!subject_.ready()) fault_ = "stuck";
    cut(); // and a silent loss at the very end shows at the next look
    for (int i = 0; i < 200; ++i) {
      if (!on_the_way_.empty()) deliver();
      answer();
    }
  }

  void on_event(const shared_bytes& text, uint64_t seq, connection_id) override {
    if (!known_) current_.epoch = first_epoch_of(text);
    if (text.view() != text_of({current_.epoch, seq}).view()) fault_ = "an event of another epoch";
    if (known_ && seq != current_.seq + 1) fault_ = "not in order, or a hole without notice";
    known_ = true;
    current_.seq = seq;
    ++heard_;
  }
  void on_gap(epoch_id epoch, uint64_t from, uint64_t to) override {
    if (to + 1 == from) {
      if (known_ && epoch == current_.epoch) fault_ = "an epoch begins twice";
      current_ = {epoch, 0};
      known_ = true;
      return;
    }
    if (known_ && (epoch != current_.epoch || from != current_.seq + 1)) fault_ = "a gap elsewhere";
    missed_ += to + 1 - from;
    current_ = {epoch, to};
    known_ = true;
  }

  static shared_bytes text_of(position at) {
    return shared_bytes{std::to_string(static_cast<uint64_t>(at.epoch)) + '/' + std::to_string(at.seq)};
  }
  static epoch_id first_epoch_of(const shared_bytes& text) {
    return epoch_id{std::stoull(std::string{text.view()})};
  }
  uint32_t draw(uint32_t below) { return std::uniform_int_distribution<uint32_t>{0, below - 1}(random_); }

  struct question {
    timeline::order order;
    position top;
    std::vector<uint64_t> seqs;
    bool more;
  };

  std::mt19937 random_;
  timeline subject_;
  epoch_id epoch_{1};
  uint64_t seq_ = 0;
  std::deque<uint64_t> log_;
  std::deque<position> on_the_way_;
  bool attached_ = true;
  std::optional<question> question_;
  position current_{};
  bool known_ = false;
  uint64_t heard_ = 0;
  uint64_t missed_ = 0;
  std::string fault_;
};

} // namespace

CAF_TEST(whatever happens the order is kept and every hole is filled or told) {
  uint64_t heard = 0;
  for (uint32_t seed = 1; seed <= 3'000; ++seed) {
    world any{seed};
    any.run(250);
    if (!any.verdict().empty()) CAF_FAIL("seed " << seed << ": " << any.verdict());
    heard += any.heard();
  }
  CAF_CHECK(heard > 100'000);
}
