#include "bench/load/ledger.hpp"

namespace roomcast::bench {

verdict delivery_ledger::record(uint32_t stream, uint32_t sequence) {
  auto& next = next_[stream];
  if (sequence < next) return fill_gap(stream, sequence) ? verdict::late : verdict::duplicate;
  if (sequence > next) gaps_[stream].emplace_back(next, sequence);
  next = sequence + 1;
  return verdict::in_order;
}

bool delivery_ledger::fill_gap(uint32_t stream, uint32_t sequence) {
  const auto known = gaps_.find(stream);
  if (known == gaps_.end()) return false;
  for (auto& gap : known->second) {
    if (sequence < gap.first || sequence >= gap.second) continue;
    const range behind{sequence + 1, gap.second};
    gap.second = sequence;
    if (behind.first < behind.second) known->second.push_back(behind);
    return true;
  }
  return false;
}

} // namespace roomcast::bench
