#include "actors/log_tail.hpp"

namespace roomcast::actors {

void log_tail::push(uint64_t seq, const shared_bytes& text) {
  if (!entries_.empty() && entries_.back().seq + 1 != seq) clear();
  entries_.push_back({seq, text});
  bytes_ += text.size();
  while (entries_.size() > most_ || bytes_ > max_bytes_) {
    bytes_ -= entries_.front().text.size();
    entries_.pop_front();
  }
}

void log_tail::prepend(const std::vector<log_entry>& older, uint64_t top) {
  auto front = entries_.empty() ? top + 1 : entries_.front().seq;
  for (auto entry = older.rbegin(); entry != older.rend(); ++entry) {
    if (entry->seq >= front) continue;
    const bool fits = entries_.size() < most_ && bytes_ + entry->text.size() <= max_bytes_;
    if (!fits || entry->seq + 1 != front) return;
    entries_.push_front(*entry);
    bytes_ += entry->text.size();
    front = entry->seq;
  }
}

void log_tail::clear() noexcept {
  entries_.clear();
  bytes_ = 0;
}

bool log_tail::covers(uint64_t after, uint64_t top) const noexcept {
  if (after >= top) return true;
  return !entries_.empty() && entries_.front().seq <= after + 1 && entries_.back().seq >= top;
}

} // namespace roomcast::actors
