#pragma once

#include "actors/event_batch.hpp"
#include "core/room_name.hpp"

#include <caf/actor_control_block.hpp>

#include <array>
#include <vector>

namespace roomcast::actors {

/// How events are spelled for a member.
enum class variant : uint8_t {
  plain,   ///< as they came
  numbered ///< those of the history with `,"seq":N`, and with notices about gaps
};

/// Finished WebSocket frames for the members of one room: what one actor message per member brings.
/// Immutable, shared by all members. The object itself is the token of a batch in flight: members keep its
/// bytes, not the batch, so when the last member has taken it, it is destroyed and the room gets `flushed`. A
/// slow client therefore never stalls its room.
class batch final : public ref_counted {
public:
  const room_name& room() const noexcept { return room_; }
  /// Empty for a variant that no member had when the events came.
  const shared_bytes& frames(variant which) const noexcept { return of(which).frames; }
  /// Events in these frames.
  uint32_t count(variant which) const noexcept { return of(which).count; }

  /// Whether some of the frames are not for `member`.
  bool excludes(connection_id member) const noexcept;

  /// For the only owner, when all members have it: gives back what it holds and tells nobody. It may be
  /// sealed anew.
  void let_go() noexcept;

  struct share {
    shared_bytes frames;
    uint32_t count;
  };
  /// What `member` gets: everything, or a copy of its own without the frames that exclude it.
  share share_of(connection_id member, variant which) const;

private:
  friend class batch_builder;
  friend class ref<batch>;

  /// A run of frames that one member does not get.
  struct cut {
    connection_id member;
    uint32_t begin;
    uint32_t end;
  };
  struct spelling {
    shared_bytes frames;
    std::vector<cut> cuts; // almost always empty
    uint32_t count = 0;
  };

  explicit batch(room_name room) : room_(std::move(room)) {}
  ~batch();

  const spelling& of(variant which) const noexcept { return spellings_[static_cast<size_t>(which)]; }

  room_name room_;
  caf::strong_actor_ptr owner_; // the room, which is told at the end
  std::array<spelling, 2> spellings_;
  flush_credit credit_;
};

/// Gathers the frames of events until they are sealed into a batch. Belongs to a room.
class batch_builder {
public:
  /// Which variants are encoded from now on; call only while empty().
  void wants(bool plain, bool numbered) noexcept { wanted_ = {plain, numbered}; }

  /// The next appends bring so many texts of so many bytes in all.
  void reserve(size_t texts, size_t bytes);
  /// Encodes an event once for each variant. `seq` is its number in the history, or 0.
  void append(std::string_view text, uint64_t seq, connection_id excluded);
  /// A text for the numbered variant alone: nobody else knows of gaps.
  void append_numbered_only(std::string_view text);
  /// What the events of a bridge hold until all members have them.
  void keep(flush_credit&& credit) { credit_.merge(std::move(credit)); }

  bool empty() const noexcept { return spellings_[0].count == 0 && spellings_[1].count == 0; }
  /// Of the longer variant.
  size_t bytes() const noexcept;

  /// Everything so far; the builder is empty afterwards. `owner` (or nobody) gets `flushed` when all members
  /// have it. `used`: a batch of the same room that was let go, to be used again; or null.
  ref<batch> seal(const room_name& room, caf::strong_actor_ptr owner, ref<batch> used = {});

private:
  struct spelling {
    bytes_builder frames;
    std::vector<batch::cut> cuts;
    uint32_t count = 0;
  };

  void append_to(variant which, std::string_view text, connection_id excluded);

  std::array<bool, 2> wanted_{true, false};
  std::array<spelling, 2> spellings_;
  std::string scratch_; // a numbered text
  flush_credit credit_;
};

} // namespace roomcast::actors
