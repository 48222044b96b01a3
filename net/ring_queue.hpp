#pragma once

#include <bit>
#include <cstddef>
#include <utility>
#include <vector>

namespace roomcast::net {

/// A first-in first-out queue in one block that doubles when full: no allocation in steady state, where a
/// std::deque takes and frees one per few entries. Its owner bounds it.
template <class T> class ring_queue {
public:
  bool empty() const noexcept { return size_ == 0; }
  size_t size() const noexcept { return size_; }

  /// The entry `index` places behind the first; index < size().
  T& operator[](size_t index) noexcept { return slots_[(first_ + index) & (slots_.size() - 1)]; }
  T& front() noexcept { return (*this)[0]; }

  void push_back(T entry) {
    if (size_ == slots_.size()) grow();
    ++size_;
    (*this)[size_ - 1] = std::move(entry);
  }

  /// Only when not empty.
  T pop_front() {
    T entry = std::move(front());
    first_ = (first_ + 1) & (slots_.size() - 1);
    --size_;
    return entry;
  }

  /// Empties the queue and gives its memory back.
  void clear() noexcept {
    slots_ = {};
    first_ = size_ = 0;
  }

private:
  void grow() {
    std::vector<T> larger(std::bit_ceil(size_ + 16));
    for (size_t i = 0; i < size_; ++i) larger[i] = std::move((*this)[i]);
    slots_ = std::move(larger);
    first_ = 0;
  }

  std::vector<T> slots_; // a power of two of them, or none
  size_t first_ = 0;
  size_t size_ = 0;
};

} // namespace roomcast::net
