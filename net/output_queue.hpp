#pragma once

#include "core/shared_bytes.hpp"
#include "net/frame_tag.hpp"
#include "net/function_ref.hpp"
#include "net/ws_frame.hpp"

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace roomcast::net {

/// The text of a notice that `events` events of `room` were dropped; empty: no notice.
using gap_writer = function_ref<std::string(const room_name& room, uint64_t events)>;

/// What one connection has yet to write: finished server frames, in order. Shared frames are referred to
/// (16 bytes per entry), own ones gathered in a block at the end. Owns nothing while it is empty: 16 bytes.
/// The bound is its owner's: bytes() says when. One thread.
class output_queue {
public:
  output_queue() noexcept;
  output_queue(output_queue&&) noexcept;
  output_queue& operator=(output_queue&&) noexcept;
  ~output_queue();

  /// Appends whole unmasked frames, one or many in one run of bytes.
  void push(const shared_bytes& frames);
  /// The same, and shed() may drop them.
  void push(const shared_bytes& frames, const frame_tag& tag);
  /// Appends one frame of this connection alone.
  void push_frame(opcode op, std::string_view payload);

  bool empty() const noexcept { return bytes_ == 0; }
  /// What is left to write, in bytes.
  size_t bytes() const noexcept { return bytes_; }

  /// Fills `out` with the front of the queue, for one gather write; returns how many it filled. They are
  /// valid until the queue changes.
  size_t gather(std::span<iovec> out) const noexcept;
  /// The first `n` bytes were written (n <= bytes()).
  void consume(size_t n);

  /// Makes room: of each `latest_only` room only the newest event stays; then the oldest runs of
  /// `drop_oldest` rooms go, until at most `target` bytes are left. What is half written, own frames and
  /// notices stay. A notice stands in the place of what was dropped, one per room and stretch. Returns the
  /// number of events dropped; bytes() says whether it was enough.
  uint64_t shed(size_t target, gap_writer gap);

  /// Drops every frame that was not begun; what remains is the rest of the frame that is half written, if one
  /// is, so that a frame may follow. Returns the number of bytes dropped.
  size_t drop_unbegun();
  /// Drops everything.
  void clear() noexcept;

private:
  struct contents;
  class shedding;

  contents& open();

  std::unique_ptr<contents> contents_; // only while not empty
  size_t bytes_ = 0;
};

} // namespace roomcast::net
