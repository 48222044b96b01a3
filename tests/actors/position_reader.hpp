#pragma once

#include "tests/actors/position_ledger.hpp"

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace roomcast::actors {

/// What one client of a room is promised: compares all that it is told with the ledger. The first fault
/// stays.
class position_reader {
public:
  struct wish {
    bool numbered = false;
    std::optional<position> recover;
    bool honest = false; ///< it has had `recover`
    uint32_t newest = 0;
  };

  position_reader(position_ledger& ledger, bool strict) : ledger_(ledger), strict_(strict) {}

  const std::string& fault() const noexcept { return fault_; }
  /// The newest that it has; without epoch: nothing is known.
  position at() const noexcept { return at_; }
  uint64_t newest_message() const noexcept { return newest_message_; }

  /// How often it was told so.
  struct tally {
    uint64_t messages = 0;
    uint64_t recoveries = 0;
    uint64_t failed_recoveries = 0;
    uint64_t holes = 0;
    uint64_t epochs = 0;

    tally& operator+=(const tally& more) noexcept {
      messages += more.messages;
      recoveries += more.recoveries;
      failed_recoveries += more.failed_recoveries;
      holes += more.holes;
      epochs += more.epochs;
      return *this;
    }
  };
  const tally& told() const noexcept { return told_; }

  /// `stays`: it was a member until now.
  void joined(const wish& asked, position at, bool recovered, bool stays) {
    const bool told_all = stays && numbered_ && asked.numbered && !asked.recover && asked.newest == 0;
    if (told_all && at != at_) return fail("joins again elsewhere, " + text_of(at));
    numbered_ = asked.numbered;
    first_page_ = recovered;
    order_ = 0;
    if (asked.recover) ++(recovered ? told_.recoveries : told_.failed_recoveries);
    if (recovered) {
      if (!asked.recover || asked.recover->epoch != at.epoch || asked.recover->seq > at.seq)
        return fail("recovered what it did not ask for");
      return begin(*asked.recover);
    }
    if (asked.recover && asked.honest && !may_be_lost(*asked.recover, at))
      return fail("not recovered from " + text_of(*asked.recover) + " to " + text_of(at));
    begin(at);
    if (asked.newest > 0) begins_behind_ = at.seq - std::min<uint64_t>(asked.newest, at.seq);
  }
  /// The past that came with the answer is over.
  void first_page_ends() { first_page_ = false; }

  void hear(std::string_view text) {
    if (text.starts_with(R"({"type":"gap")")) return gap(text);
    if (!text.starts_with(R"({"n":)")) return;
    ++told_.messages;
    newest_message_ = number_behind(text, R"("n":)");
    if (numbered_)
      numbered(newest_message_, number_behind(text, R"("seq":)"));
    else
      plain(newest_message_);
  }

private:
  void begin(position at) {
    at_ = at;
    begins_behind_.reset();
    const auto* last = ledger_.latest(at);
    run_ = last ? last->run : 0;
  }
  bool may_be_lost(position held, position at) const {
    if (held.epoch != at.epoch || !ledger_.is_unique(held)) return true;
    if (held.seq > at.seq) return ledger_.lost_any(held.epoch, held.seq, held.seq);
    return ledger_.lost_any(held.epoch, held.seq + 1, at.seq);
  }

  void numbered(uint64_t message, uint64_t seq) {
    if (begins_behind_ && seq > *begins_behind_ && seq <= at_.seq) at_.seq = seq - 1;
    begins_behind_.reset();
    if (seq != at_.seq + 1)
      return fail("number " + std::to_string(seq) + " behind " + text_of(at_) + ": a hole or a repetition");
    const auto* given = ledger_.find({at_.epoch, seq}, message);
    if (!given) return fail("message " + std::to_string(message) + " is not " + text_of({at_.epoch, seq}));
    const bool has_seen_it_begin = given->run > run_ && given->run == ledger_.run();
    if (strict_ && run_ != 0 && has_seen_it_begin && ledger_.repeated(at_, given->run))
      return fail("numbers up to " + text_of(at_) + " were given again, and the new ones taken for known");
    run_ = given->run;
    at_.seq = seq;
  }
  void plain(uint64_t message) {
    if (ledger_.times(message) == 0 || ledger_.gave_again()) return; // cannot be told
    const auto next = ledger_.next_place(message, order_);
    if (next == 0) return fail("message " + std::to_string(message) + " again, or too late");
    order_ = next;
  }
  void gap(std::string_view text) {
    if (!numbered_) return fail("a gap for who knows no numbers");
    const auto epoch = parse_epoch(text.substr(text.find(R"("epoch":")") + 9, 16)).value_or(no_epoch);
    const auto from = number_behind(text, R"("from":)");
    const auto to = number_behind(text, R"("to":)");
    run_ = 0;
    if (to + 1 == from) {
      if (epoch == at_.epoch) return fail("an epoch begins twice");
      ++told_.epochs;
      begins_behind_.reset();
      at_ = {epoch, 0};
      return;
    }
    if (begins_behind_ && from > *begins_behind_ && from <= at_.seq) at_.seq = from - 1;
    begins_behind_.reset();
    const auto what = "gap " + std::to_string(from) + "-" + std::to_string(to) + " behind " + text_of(at_);
    if (epoch != at_.epoch || from != at_.seq + 1 || to < from) return fail(what + ": elsewhere");
    if (first_page_) return fail(what + ": recovered, but something is missing");
    if (!ledger_.lost_all(epoch, from, to)) return fail(what + ": it is there");
    ++told_.holes;
    at_.seq = to;
  }

  static uint64_t number_behind(std::string_view text, std::string_view name) {
    const auto begin = text.find(name);
    uint64_t out = 0;
    if (begin == text.npos) return out;
    text.remove_prefix(begin + name.size());
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
  }
  static std::string text_of(position at) {
    return to_string(at.epoch).substr(12) + '/' + std::to_string(at.seq);
  }
  void fail(std::string what) {
    if (fault_.empty()) fault_ = std::move(what);
  }

  position_ledger& ledger_;
  const bool strict_; // a new epoch is told whenever a number was given again
  std::string fault_;
  bool numbered_ = false;
  bool first_page_ = false;
  position at_{};
  std::optional<uint64_t> begins_behind_; // the newest were asked for: the past begins anywhere behind this
  unsigned run_ = 0;                      // of Redis, that gave at_; 0: not known
  uint64_t order_ = 0;                    // of the newest message, without numbers
  uint64_t newest_message_ = 0;
  tally told_;
};

} // namespace roomcast::actors
