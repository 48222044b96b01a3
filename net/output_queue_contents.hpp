#pragma once

#include "net/output_queue.hpp"

#include <string_view>
#include <vector>

namespace roomcast::net {

struct frame_bounds {
  size_t begin;
  size_t end;
};

/// The frame of `frames` (whole, unmasked ones) that a write stopped in after `at` bytes; begin = end = `at`
/// if it stopped between two.
frame_bounds frame_around(std::string_view frames, size_t at) noexcept;

/// What a queue holds while it is not empty.
struct output_queue::contents {
  /// What is known of an entry that may be dropped, or that stands for dropped ones.
  struct note {
    size_t entry; // index in `entries`; notes are in the order of entries
    room_name room;
    uint64_t events;
    slow_policy policy;
    bool is_gap; // the entry is the notice of `events` dropped ones
  };

  std::vector<shared_bytes> entries;
  size_t first = 0;        // entries before it are written
  size_t written = 0;      // bytes of the first entry that are written; it is kept whole, to find its frames
  bytes_builder tail;      // own frames behind the entries, still growing; none of it is written
  std::vector<note> notes; // only of entries that were pushed with a tag

  /// A drained queue's contents serve the next queue of this thread that fills: most queues hold one entry
  /// until the thread has called all members of a room, and would allocate for each message otherwise.
  static std::unique_ptr<contents> make();
  static void put_by(std::unique_ptr<contents> drained) noexcept;

  bool written_out() const noexcept { return first == entries.size(); }
  void seal_tail();
  void compact() noexcept;

private:
  static constexpr size_t max_spares = 1'024; // members of a room that write in one run; some 160 bytes each
  static constexpr size_t spare_entries = 64; // larger ones are freed
  static std::vector<std::unique_ptr<contents>>& spares();
};

} // namespace roomcast::net
