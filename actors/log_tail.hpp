#pragma once

#include "actors/timeline.hpp"
#include "core/limits.hpp"

#include <deque>

namespace roomcast::actors {

/// The newest messages of a room, without a hole, as its node has them: what a client that was away for a
/// moment missed is here, and no log has to be asked. Bounded in number and in bytes. One
/// thread.
class log_tail {
public:
  /// At most `most` messages, of `max_bytes` together.
  explicit log_tail(size_t most, size_t max_bytes = limits::max_tail_bytes) noexcept :
      most_(most), max_bytes_(max_bytes) {}

  /// The message behind the last one; any other begins the tail anew.
  void push(uint64_t seq, const shared_bytes& text);
  /// Messages that were read from the log: those directly in front of it are kept, too, as far as there is
  /// room. `top` is the newest message of the room.
  void prepend(const std::vector<log_entry>& older, uint64_t top);
  /// The numbering goes on elsewhere: after a gap, or in a new epoch.
  void clear() noexcept;

  /// Whether all messages behind `after` up to `top` are here; true if there are none.
  bool covers(uint64_t after, uint64_t top) const noexcept;
  /// Calls `visit(entry)` for each message behind `after`, oldest first.
  template <class Visitor> void for_each_after(uint64_t after, Visitor visit) const {
    if (entries_.empty()) return;
    const auto first = entries_.front().seq; // and the rest follows without a hole
    for (size_t i = after < first ? 0 : after + 1 - first; i < entries_.size(); ++i) visit(entries_[i]);
  }

  size_t bytes() const noexcept { return bytes_; }

private:
  const size_t most_;
  const size_t max_bytes_;
  std::deque<log_entry> entries_;
  size_t bytes_ = 0;
};

} // namespace roomcast::actors
