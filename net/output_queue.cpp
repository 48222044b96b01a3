#include "net/output_queue.hpp"

#include "net/output_queue_contents.hpp"

#include <algorithm>

namespace roomcast::net {

frame_bounds frame_around(std::string_view frames, size_t at) noexcept {
  frame_bounds frame{0, 0};
  while (frame.end < at) {
    const auto* header = reinterpret_cast<const unsigned char*>(frames.data() + frame.end);
    size_t size = header[1] & 0x7F;
    const size_t more = size < 126 ? 0 : size == 126 ? 2 : 8;
    if (more > 0) size = 0;
    for (size_t i = 0; i < more; ++i) size = size << 8 | header[2 + i];
    frame.begin = frame.end;
    frame.end += 2 + more + size;
  }
  if (frame.end == at) frame.begin = at;
  return frame;
}

/// The tail becomes an entry, because something follows it or because a write reached it.
void output_queue::contents::seal_tail() {
  if (!tail.empty()) entries.push_back(tail.finish());
}

/// Forgets written entries now and then, so that a queue that never drains does not collect them.
void output_queue::contents::compact() noexcept {
  if (first < 64 || first * 2 < entries.size()) return;
  entries.erase(entries.begin(), entries.begin() + static_cast<ptrdiff_t>(first));
  std::erase_if(notes, [this](const note& n) { return n.entry < first; });
  for (auto& n : notes) n.entry -= first;
  first = 0;
}

std::vector<std::unique_ptr<output_queue::contents>>& output_queue::contents::spares() {
  thread_local std::vector<std::unique_ptr<contents>> instance;
  return instance;
}

std::unique_ptr<output_queue::contents> output_queue::contents::make() {
  if (spares().empty()) return std::make_unique<contents>();
  auto one = std::move(spares().back());
  spares().pop_back();
  return one;
}

void output_queue::contents::put_by(std::unique_ptr<contents> drained) noexcept {
  if (spares().size() >= max_spares || drained->entries.capacity() > spare_entries) return;
  drained->entries.clear();
  drained->notes.clear();
  drained->first = 0;
  drained->written = 0;
  drained->tail = {};
  try {
    spares().push_back(std::move(drained));
  } catch (const std::bad_alloc&) {
    // freed instead
  }
}

output_queue::output_queue() noexcept = default;
output_queue::output_queue(output_queue&&) noexcept = default;
output_queue& output_queue::operator=(output_queue&&) noexcept = default;
output_queue::~output_queue() = default;

void output_queue::push(const shared_bytes& frames) {
  if (frames.empty()) return;
  auto& c = open();
  c.seal_tail();
  c.entries.push_back(frames);
  bytes_ += frames.size();
}

void output_queue::push(const shared_bytes& frames, const frame_tag& tag) {
  if (frames.empty()) return;
  push(frames);
  auto& c = *contents_;
  c.notes.push_back({c.entries.size() - 1, tag.room, tag.events, tag.policy, false});
}

void output_queue::push_frame(opcode op, std::string_view payload) {
  append_frame(open().tail, op, payload);
  bytes_ += frame_header_size(payload.size()) + payload.size();
}

size_t output_queue::gather(std::span<iovec> out) const noexcept {
  if (!contents_) return 0;
  const auto& c = *contents_;
  size_t count = 0;
  size_t skip = c.written;
  const auto add = [&](std::string_view bytes) {
    // sendmsg only reads; iovec has no const form.
    out[count++] = {const_cast<char*>(bytes.data()) + skip, bytes.size() - skip};
    skip = 0;
  };
  for (size_t i = c.first; i < c.entries.size() && count < out.size(); ++i) add(c.entries[i].view());
  if (!c.tail.empty() && count < out.size()) add(c.tail.view());
  return count;
}

void output_queue::consume(size_t n) {
  bytes_ -= n;
  if (bytes_ == 0) return clear();
  auto& c = *contents_;
  n += c.written;
  for (;;) {
    if (c.written_out()) c.seal_tail();
    const size_t size = c.entries[c.first].size();
    if (n < size) break;
    n -= size;
    c.entries[c.first++] = {};
    if (n == 0 && c.written_out()) break; // the tail is next and goes on growing
  }
  c.written = n;
  c.compact();
}

size_t output_queue::drop_unbegun() {
  const size_t before = bytes_;
  shared_bytes half;
  size_t written = 0;
  if (contents_ && contents_->written > 0) {
    const auto entry = contents_->entries[contents_->first].view();
    const auto frame = frame_around(entry, contents_->written);
    written = contents_->written - frame.begin;
    // A copy: the block may be a large batch that all members of a room share.
    half = shared_bytes{entry.substr(frame.begin, frame.end - frame.begin)};
  }
  clear();
  push(half);
  if (written > 0) consume(written);
  return before - bytes_;
}

void output_queue::clear() noexcept {
  if (contents_) contents::put_by(std::move(contents_));
  bytes_ = 0;
}

output_queue::contents& output_queue::open() {
  if (!contents_) contents_ = contents::make();
  return *contents_;
}

} // namespace roomcast::net
