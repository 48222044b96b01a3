#pragma once

#include "actors/room_rules.hpp"
#include "actors/timeline.hpp"
#include "core/room_name.hpp"

#include <deque>
#include <list>
#include <string>
#include <unordered_map>

namespace roomcast::actors {

/// The history of rooms on a node that stands alone: what redis_log keeps in Redis, in memory, with the same
/// answers. Bounded by limits::memory_log_bytes and limits::memory_log_rooms: the room that was published to
/// least lately loses its messages, then its numbering. A plain value; the caller brings the time in
/// milliseconds.
class memory_log {
public:
  struct outcome {
    position at;
    bool repeated = false;
  };
  /// Appends a message of a room, unless `key` (empty: none) was used in it lately.
  outcome publish(
      const room_name& room, const history_rule& rule, std::string_view text, std::string_view key,
      uint64_t now_ms);

  /// Notes the use of a key in a room without history: false if it was used in it lately.
  bool use_key(const room_name& room, std::string_view key, uint64_t now_ms);

  /// Epoch and newest number; makes them where there are none.
  position place(const room_name& room, uint64_t now_ms);
  /// Messages behind `after`, at most `max_bytes` of text, but at least one. `around`: if that is all there
  /// are, the messages before them, too, as far as the bytes go.
  log_page read(const room_name& room, uint64_t after, size_t max_bytes, bool around, uint64_t now_ms);
  /// The newest messages below `before` (0: of all), oldest first.
  log_page
  read_newest(const room_name& room, uint64_t before, size_t limit, size_t max_bytes, uint64_t now_ms);

  size_t bytes() const noexcept { return bytes_; }
  size_t rooms() const noexcept { return rooms_.size(); }
  /// Messages that went before their time because of the bounds.
  uint64_t evicted() const noexcept { return evicted_; }

private:
  using use_list = std::list<room_name>;
  struct room_log {
    position top;
    std::deque<log_entry> entries;
    uint64_t expires_ms = 0; // of the entries
    use_list::iterator use;
  };
  struct key_use {
    position at;
    uint64_t expires_ms;
  };

  room_log& open(const room_name& room, uint64_t now_ms);
  void forget_entries(room_log& of) noexcept;
  void drop_front(room_log& of) noexcept;
  void evict(room_log& from) noexcept;
  void make_room(const room_name& but);
  void remember_key(std::string key, position at, uint64_t now_ms);

  std::unordered_map<room_name, room_log, room_name_hash, room_name_equal> rooms_;
  use_list uses_; // least lately first
  std::unordered_map<std::string, key_use> keys_;
  std::deque<std::pair<std::string, uint64_t>> key_order_; // with their expiry, oldest first
  size_t bytes_ = 0;
  uint64_t evicted_ = 0;
};

} // namespace roomcast::actors
