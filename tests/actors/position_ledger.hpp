#pragma once

#include "core/position.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace roomcast::actors {

/// Which message got which number, when, and what has become of it: what every reader has to agree with. A
/// message is known by a number of its own, from 1. After a Redis that came back with old data a number can
/// have been given more than once.
class position_ledger {
public:
  struct given {
    uint64_t message;
    uint64_t order; ///< over all epochs
    unsigned run;   ///< of Redis
    bool gone = false;
  };

  /// `learning`: nobody tells what is given; the first one who sees it does.
  explicit position_ledger(bool learning = false, uint64_t kept = 0) : learning_(learning), kept_(kept) {}

  void give(position at, uint64_t message) {
    auto& times = all_[{at.epoch, at.seq}];
    gave_again_ = gave_again_ || !times.empty();
    times.push_back({message, ++orders_, run_});
    places_[message].push_back(orders_);
  }
  void lose(position at) {
    for (auto& each : all_[{at.epoch, at.seq}]) each.gone = true;
  }
  /// Redis begins anew, in this place.
  void restart(position at) {
    ++run_;
    begun_[run_] = at;
  }
  /// One more may be given.
  void one_more() noexcept { ++expected_; }
  unsigned run() const noexcept { return run_; }

  /// Whether `message` was given this number; the latest time.
  const given* find(position at, uint64_t message) {
    auto& times = all_[{at.epoch, at.seq}];
    if (learning_ && times.empty()) give_late(at, message);
    const auto it =
        std::find_if(times.rbegin(), times.rend(), [&](const given& g) { return g.message == message; });
    return it == times.rend() ? nullptr : &*it;
  }
  const given* latest(position at) const {
    const auto known = all_.find({at.epoch, at.seq});
    return known == all_.end() || known->second.empty() ? nullptr : &known->second.back();
  }
  /// Whether any number was given more than once.
  bool gave_again() const noexcept { return gave_again_; }
  bool is_unique(position at) const {
    const auto known = all_.find({at.epoch, at.seq});
    return known == all_.end() || known->second.size() == 1;
  }
  /// Whether one of these numbers is nowhere to be had any more, or was once.
  bool lost_any(epoch_id epoch, uint64_t from, uint64_t to) const {
    for (; from <= to; ++from)
      if (is_lost({epoch, from})) return true;
    return false;
  }
  bool lost_all(epoch_id epoch, uint64_t from, uint64_t to) const {
    for (; from <= to; ++from)
      if (!is_lost({epoch, from})) return false;
    return true;
  }
  /// Whether this run gave numbers up to this one again.
  bool repeated(position at, unsigned run) const {
    const auto known = begun_.find(run);
    return known != begun_.end() && known->second.epoch == at.epoch && known->second.seq < at.seq;
  }
  /// The first place of the message behind this order, or 0.
  uint64_t next_place(uint64_t message, uint64_t behind) const {
    const auto known = places_.find(message);
    if (known == places_.end()) return 0;
    const auto& orders = known->second;
    const auto next = std::upper_bound(orders.begin(), orders.end(), behind);
    return next == orders.end() ? 0 : *next;
  }
  size_t times(uint64_t message) const {
    const auto known = places_.find(message);
    return known == places_.end() ? 0 : known->second.size();
  }

private:
  bool is_lost(position at) const {
    if (learning_) return at.seq + kept_ <= expected_;
    const auto known = all_.find({at.epoch, at.seq});
    if (known == all_.end()) return true;
    return std::any_of(known->second.begin(), known->second.end(), [](const given& g) { return g.gone; });
  }
  /// Seen in any order: a number is its own order.
  void give_late(position at, uint64_t message) {
    all_[{at.epoch, at.seq}].push_back({message, at.seq, run_});
    places_[message].push_back(at.seq);
  }

  const bool learning_;
  const uint64_t kept_;
  std::map<std::pair<epoch_id, uint64_t>, std::vector<given>> all_;
  std::map<uint64_t, std::vector<uint64_t>> places_; // orders, ascending
  std::map<unsigned, position> begun_;
  bool gave_again_ = false;
  uint64_t expected_ = 0;
  uint64_t orders_ = 0;
  unsigned run_ = 1;
};

} // namespace roomcast::actors
