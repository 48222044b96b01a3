#include "net/output_queue_contents.hpp"

#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

/// How a queue makes room: one pass over all entries. Its caller sheds to well below the bound, so that many
/// pushes share one pass.
namespace roomcast::net {
namespace {

size_t count_frames(std::string_view frames) noexcept {
  size_t count = 0;
  for (size_t at = 0; at < frames.size(); at = frame_around(frames.substr(at), 1).end + at) ++count;
  return count;
}

/// A copy: the block may be a large batch that all members of a room share.
shared_bytes last_frame(std::string_view frames) {
  return shared_bytes{frames.substr(frame_around(frames, frames.size() - 1).begin)};
}

shared_bytes text_frame(std::string_view text) {
  bytes_builder out{frame_header_size(text.size()) + text.size()};
  append_frame(out, opcode::text, text);
  return out.finish();
}

} // namespace

class output_queue::shedding {
public:
  shedding(contents& of, size_t bytes, gap_writer gap) : c_(of), bytes_(bytes), gap_(gap) {}

  uint64_t run(size_t target) {
    take_apart();
    keep_latest();
    drop_oldest(target);
    if (dropped_ > 0) put_together();
    return dropped_;
  }

private:
  using note = contents::note;

  /// An entry, or a piece of one.
  struct part {
    shared_bytes frames;
    std::optional<note> what = {}; // may be dropped, or is a notice
    uint64_t dropped = 0;          // events of it
    bool kept = true;
    bool rewritten = false; // a notice that counts more than its text says

    bool is_of(slow_policy policy) const noexcept {
      return kept && what && !what->is_gap && what->policy == policy;
    }
  };

  // -- before -----------------------------------------------------------------

  void take_apart() {
    parts_.reserve(c_.entries.size() - c_.first + 2);
    auto known = c_.notes.begin();
    for (size_t i = c_.first; i < c_.entries.size(); ++i) {
      while (known != c_.notes.end() && known->entry < i) ++known;
      part p{c_.entries[i]};
      if (known != c_.notes.end() && known->entry == i) p.what = *known;
      if (i == c_.first && c_.written > 0)
        split(std::move(p));
      else
        parts_.push_back(std::move(p));
    }
  }

  /// The first entry, begun: the frame that a write stopped in has to stay, what is behind it need not.
  void split(part begun) {
    written_ = c_.written;
    if (!begun.what) return parts_.push_back(std::move(begun));
    const auto frame = frame_around(begun.frames.view(), c_.written);
    written_ -= frame.begin;
    if (written_ > 0)
      parts_.push_back({shared_bytes{begun.frames.view().substr(frame.begin, frame.end - frame.begin)}});
    begun.frames.remove_prefix(frame.end);
    if (begun.frames.empty()) return;
    begun.what->events = count_frames(begun.frames.view());
    parts_.push_back(std::move(begun));
  }

  // -- what goes --------------------------------------------------------------

  void keep_latest() {
    std::unordered_set<room_name, room_name_hash, room_name_equal> seen;
    for (auto p = parts_.rbegin(); p != parts_.rend(); ++p) {
      if (!p->is_of(slow_policy::latest_only)) continue;
      if (!seen.insert(p->what->room).second)
        drop(*p);
      else if (p->what->events > 1)
        trim(*p);
    }
  }

  void drop_oldest(size_t target) {
    for (auto p = parts_.begin(); p != parts_.end() && bytes_ > target; ++p)
      if (p->is_of(slow_policy::drop_oldest)) drop(*p);
  }

  void drop(part& p) {
    p.kept = false;
    p.dropped = p.what->events;
    dropped_ += p.dropped;
    bytes_ -= p.frames.size();
  }

  void trim(part& p) {
    bytes_ -= p.frames.size();
    p.frames = last_frame(p.frames.view());
    bytes_ += p.frames.size();
    p.dropped = std::exchange(p.what->events, 1) - 1;
    dropped_ += p.dropped;
  }

  // -- afterwards -------------------------------------------------------------

  void put_together() {
    for (auto& p : parts_) {
      if (p.dropped > 0) note_gap(*p.what, p.dropped);
      if (!p.kept) continue;
      if (p.what && p.what->is_gap)
        gaps_[p.what->room] = rest_.size();
      else if (p.what)
        gaps_.erase(p.what->room); // the next drop of this room begins another stretch
      rest_.push_back(std::move(p));
    }
    c_.entries.clear();
    c_.notes.clear();
    c_.first = 0;
    c_.written = written_;
    for (auto& p : rest_) put_back(p);
  }

  void note_gap(const note& of, uint64_t events) {
    const auto [known, is_new] = gaps_.emplace(of.room, rest_.size());
    if (is_new) rest_.push_back({{}, note{0, of.room, 0, of.policy, true}});
    auto& notice = rest_[known->second];
    notice.what->events += events;
    notice.rewritten = true;
  }

  void put_back(part& p) {
    if (p.rewritten) {
      const auto text = gap_(p.what->room, p.what->events);
      if (text.empty()) return;
      p.frames = text_frame(text);
    }
    if (p.what) {
      p.what->entry = c_.entries.size();
      c_.notes.push_back(std::move(*p.what));
    }
    c_.entries.push_back(std::move(p.frames));
  }

  contents& c_;
  size_t bytes_;
  gap_writer gap_;
  std::vector<part> parts_;                                                     // what is queued
  std::vector<part> rest_;                                                      // what stays, and notices
  std::unordered_map<room_name, size_t, room_name_hash, room_name_equal> gaps_; // a room's notice in rest_
  size_t written_ = 0;
  uint64_t dropped_ = 0;
};

uint64_t output_queue::shed(size_t target, gap_writer gap) {
  if (!contents_ || contents_->notes.empty()) return 0;
  auto& c = *contents_;
  const auto dropped = shedding{c, bytes_, gap}.run(target);
  if (dropped == 0) return 0;
  bytes_ = c.tail.size() - c.written;
  for (const auto& frames : c.entries) bytes_ += frames.size();
  if (bytes_ == 0) clear();
  return dropped;
}

} // namespace roomcast::net
