#include "actors/memory_log.hpp"

#include "core/limits.hpp"

#include <algorithm>
#include <iterator>

namespace roomcast::actors {
namespace {

/// What an entry takes besides its text, about: block header, deque entry.
constexpr size_t entry_overhead = 64;

size_t cost(const log_entry& entry) noexcept { return entry.text.size() + entry_overhead; }

/// Unambiguous: a room name has no control characters.
std::string scoped(const room_name& room, std::string_view key) {
  std::string out{room.view()};
  (out += '\n') += key;
  return out;
}

/// How many messages are not behind `seq`: there is no hole between them.
ptrdiff_t count_up_to(uint64_t seq, const std::deque<log_entry>& all) {
  if (all.empty() || seq < all.front().seq) return 0;
  return static_cast<ptrdiff_t>(std::min<uint64_t>(seq + 1 - all.front().seq, all.size()));
}

/// The messages from `page.after` on downwards, as far as the bytes go, in front of the others.
void extend_down(log_page& page, const std::deque<log_entry>& all, size_t max_bytes) {
  auto first = all.end() - static_cast<ptrdiff_t>(page.entries.size());
  const auto older_end = first;
  for (; first != all.begin() && std::prev(first)->text.size() <= max_bytes; --first)
    max_bytes -= std::prev(first)->text.size();
  if (first == older_end) return;
  page.after = first->seq - 1;
  page.entries.insert(page.entries.begin(), first, older_end);
}

} // namespace

memory_log::outcome memory_log::publish(
    const room_name& room, const history_rule& rule, std::string_view text, std::string_view key,
    uint64_t now_ms) {
  auto name = key.empty() ? std::string{} : scoped(room, key);
  if (const auto known = keys_.find(name);
      !key.empty() && known != keys_.end() && known->second.expires_ms > now_ms)
    return {known->second.at, true};
  auto& log = open(room, now_ms);
  log.entries.push_back({++log.top.seq, shared_bytes{text}});
  bytes_ += cost(log.entries.back());
  while (log.entries.size() > rule.size) drop_front(log);
  log.expires_ms = now_ms + static_cast<uint64_t>(rule.ttl.count());
  const auto at = log.top;
  if (!key.empty()) remember_key(std::move(name), at, now_ms);
  make_room(room);
  return {at, false};
}

bool memory_log::use_key(const room_name& room, std::string_view key, uint64_t now_ms) {
  auto name = scoped(room, key);
  const auto known = keys_.find(name);
  if (known != keys_.end() && known->second.expires_ms > now_ms) return false;
  remember_key(std::move(name), {}, now_ms);
  return true;
}

position memory_log::place(const room_name& room, uint64_t now_ms) {
  const auto top = open(room, now_ms).top;
  make_room(room);
  return top;
}

log_page
memory_log::read(const room_name& room, uint64_t after, size_t max_bytes, bool around, uint64_t now_ms) {
  const auto& log = open(room, now_ms);
  log_page page{log.top, after};
  for (auto entry = log.entries.begin() + count_up_to(after, log.entries); entry != log.entries.end();
       ++entry) {
    if (!page.entries.empty() && max_bytes < entry->text.size()) {
      page.more = true;
      break;
    }
    max_bytes -= std::min(max_bytes, entry->text.size());
    page.entries.push_back(*entry);
  }
  if (around && !page.more) extend_down(page, log.entries, max_bytes);
  return page;
}

log_page memory_log::read_newest(
    const room_name& room, uint64_t before, size_t limit, size_t max_bytes, uint64_t now_ms) {
  const auto known = rooms_.find(room);
  if (known == rooms_.end()) return {};
  const auto& log = open(room, now_ms);
  log_page page{log.top};
  const auto end = log.entries.begin() + count_up_to(before > 0 ? before - 1 : log.top.seq, log.entries);
  for (auto entry = std::make_reverse_iterator(end); entry != log.entries.rend(); ++entry) {
    if (page.entries.size() >= limit || (!page.entries.empty() && max_bytes < entry->text.size())) {
      page.more = true;
      break;
    }
    max_bytes -= std::min(max_bytes, entry->text.size());
    page.entries.push_back(*entry);
  }
  std::reverse(page.entries.begin(), page.entries.end());
  return page;
}

memory_log::room_log& memory_log::open(const room_name& room, uint64_t now_ms) {
  const auto known = rooms_.find(room);
  if (known == rooms_.end()) {
    auto& log = rooms_[room];
    log.top.epoch = random_epoch();
    log.use = uses_.insert(uses_.end(), room);
    return log;
  }
  auto& log = known->second;
  uses_.splice(uses_.end(), uses_, log.use);
  if (log.expires_ms <= now_ms) forget_entries(log);
  return log;
}

void memory_log::forget_entries(room_log& of) noexcept {
  while (!of.entries.empty()) drop_front(of);
}

void memory_log::drop_front(room_log& of) noexcept {
  bytes_ -= cost(of.entries.front());
  of.entries.pop_front();
}

void memory_log::evict(room_log& from) noexcept {
  evicted_ += from.entries.size();
  forget_entries(from);
}

/// Well below the bound, so that many publishes share one pass over rooms that are empty already.
void memory_log::make_room(const room_name& but) {
  if (bytes_ > limits::memory_log_bytes)
    for (auto use = uses_.begin(); bytes_ > limits::memory_log_bytes / 8 * 7 && use != uses_.end(); ++use)
      if (!(*use == but)) evict(rooms_.find(*use)->second);
  while (rooms_.size() > limits::memory_log_rooms) {
    const auto oldest = rooms_.find(uses_.front());
    evict(oldest->second);
    rooms_.erase(oldest);
    uses_.pop_front();
  }
}

void memory_log::remember_key(std::string key, position at, uint64_t now_ms) {
  const auto expires = now_ms + std::chrono::milliseconds{limits::publish_key_ttl}.count();
  key_order_.emplace_back(key, expires);
  keys_[std::move(key)] = {at, expires};
  while (key_order_.size() > limits::memory_log_keys || key_order_.front().second <= now_ms) {
    const auto oldest = keys_.find(key_order_.front().first);
    if (oldest != keys_.end() && oldest->second.expires_ms == key_order_.front().second) keys_.erase(oldest);
    key_order_.pop_front();
  }
}

} // namespace roomcast::actors
