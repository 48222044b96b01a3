#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace roomcast::net {

/// Bytes that were read and not yet consumed, in one block. Consuming moves an offset; bytes move to the
/// front only when the room behind them gets short. Starts with `base` bytes, doubles when it has to
/// grow, and goes back to `base` as soon as that is enough. Its user bounds it by what it waits for.
class input_buffer {
public:
  explicit input_buffer(size_t base) :
      base_(base), capacity_(base), block_(std::make_unique_for_overwrite<char[]>(base)) {}

  std::string_view unread() const noexcept { return {block_.get() + begin_, end_ - begin_}; }

  /// Room behind the unread bytes for the next read, never empty. `wanted` is how many unread bytes would be
  /// of use: the block grows towards it. Invalidates unread().
  std::span<char> prepare(size_t wanted) {
    const size_t size = end_ - begin_;
    if (size == 0) restart();
    const size_t useful = std::max(wanted > size ? wanted - size : 1, base_ / 4);
    if (capacity_ - end_ < useful) {
      if (size + useful > capacity_)
        move_to(capacity_ * 2);
      else if (capacity_ > base_ && size + useful <= base_)
        move_to(base_);
      else
        move_to_front();
    }
    return {block_.get() + end_, capacity_ - end_};
  }

  void commit(size_t bytes) noexcept { end_ += bytes; }
  void consume(size_t bytes) noexcept { begin_ += bytes; }
  size_t capacity() const noexcept { return capacity_; }

private:
  void restart() {
    begin_ = end_ = 0;
    if (capacity_ > base_) move_to(base_);
  }

  void move_to_front() noexcept {
    std::memmove(block_.get(), block_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }

  void move_to(size_t capacity) {
    auto block = std::make_unique_for_overwrite<char[]>(capacity);
    std::memcpy(block.get(), block_.get() + begin_, end_ - begin_);
    block_ = std::move(block);
    capacity_ = capacity;
    end_ -= begin_;
    begin_ = 0;
  }

  size_t base_;
  size_t capacity_;
  std::unique_ptr<char[]> block_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

} // namespace roomcast::net
