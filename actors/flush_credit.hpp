#pragma once

#include "core/ref.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <utility>

namespace roomcast::actors {

/// Bytes of events that one bridge handed to rooms and that are not with all members yet. The bridge takes no
/// further events while the sum is over the bound, and is told when it may go on. Any thread.
class unflushed_bytes final : public ref_counted {
public:
  /// `on_relief` is called, on any thread, once the sum falls to half of `bound` after over() said true.
  unflushed_bytes(size_t bound, std::function<void()> on_relief) :
      bound_(bound), on_relief_(std::move(on_relief)) {}

  void add(size_t n) noexcept { sum_.fetch_add(n, std::memory_order_relaxed); }
  void remove(size_t n);
  /// Whether the sum is over the bound; on_relief is called later if it is.
  bool over();
  size_t sum() const noexcept { return sum_.load(std::memory_order_relaxed); }

private:
  void relieve();

  const size_t bound_;
  const std::function<void()> on_relief_;
  std::atomic<size_t> sum_{0};
  std::atomic<bool> waiting_{false};
};

/// A share of an unflushed_bytes sum, given back when destroyed. One thread at a time.
class flush_credit {
public:
  flush_credit() noexcept = default;
  explicit flush_credit(ref<unflushed_bytes> pool) noexcept : pool_(std::move(pool)) {}
  flush_credit(flush_credit&& other) noexcept :
      pool_(std::move(other.pool_)), bytes_(std::exchange(other.bytes_, 0)) {}
  flush_credit& operator=(flush_credit&& other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~flush_credit() {
    if (bytes_ > 0) pool_->remove(bytes_);
  }

  void add(size_t n) noexcept {
    if (!pool_) return;
    bytes_ += n;
    pool_->add(n);
  }

  /// Takes over the share of `other`, which is of the same pool.
  void merge(flush_credit&& other) noexcept {
    if (!pool_) pool_ = other.pool_;
    bytes_ += std::exchange(other.bytes_, 0);
  }

private:
  ref<unflushed_bytes> pool_;
  size_t bytes_ = 0;
};

} // namespace roomcast::actors
