#pragma once

#include "core/ref.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace roomcast {

/// A block of bytes with its header in one allocation. Written by its only owner, read by all once shared.
class byte_block final : public ref_counted {
public:
  /// Throws std::bad_alloc. `capacity` in bytes, below 4 GiB.
  static ref<byte_block> make(size_t capacity);
  static void destroy(const byte_block* block) noexcept;

  char* data() noexcept { return reinterpret_cast<char*>(this + 1); }
  const char* data() const noexcept { return reinterpret_cast<const char*>(this + 1); }
  uint32_t capacity() const noexcept { return capacity_; }

private:
  explicit byte_block(uint32_t capacity) noexcept : capacity_(capacity) {}
  ~byte_block() = default;

  uint32_t capacity_;
};

/// An immutable run of bytes in a shared block: 16 bytes, cheap to copy, any thread may read it.
class shared_bytes {
public:
  shared_bytes() noexcept = default;
  explicit shared_bytes(std::string_view text);
  shared_bytes(ref<byte_block> block, size_t begin, size_t size) noexcept :
      block_(std::move(block)), begin_(static_cast<uint32_t>(begin)), size_(static_cast<uint32_t>(size)) {}

  const char* data() const noexcept { return block_ ? block_->data() + begin_ : nullptr; }
  size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::string_view view() const noexcept { return {data(), size_}; }
  /// Of the whole block, in bytes.
  size_t capacity() const noexcept { return block_ ? block_->capacity() : 0; }
  /// Whether nobody else has the block.
  bool unique() const noexcept { return block_ && block_->unique(); }

  /// A part of them, sharing the block (begin + size <= size()).
  shared_bytes slice(size_t begin, size_t size) const noexcept { return {block_, begin_ + begin, size}; }

  /// Forgets the first `n` bytes (n <= size()).
  void remove_prefix(size_t n) noexcept {
    begin_ += static_cast<uint32_t>(n);
    size_ -= static_cast<uint32_t>(n);
  }

private:
  friend class bytes_builder;

  ref<byte_block> block_;
  uint32_t begin_ = 0;
  uint32_t size_ = 0;
};

/// Gathers bytes into one block and hands them out as `shared_bytes`. One thread.
class bytes_builder {
public:
  bytes_builder() noexcept = default;
  explicit bytes_builder(size_t capacity) { reserve(capacity); }

  void reserve(size_t capacity);
  /// Room for `n` more bytes at the end, already counted in size(); the caller writes all of them.
  char* extend(size_t n);
  void append(std::string_view text);
  void push_back(char c) { *extend(1) = c; }

  size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::string_view view() const noexcept { return {block_ ? block_->data() : nullptr, size_}; }

  /// Everything gathered so far; the builder is empty afterwards.
  shared_bytes finish() noexcept;
  /// Writes its next bytes into the block of `used`, if nobody else has it and it is no larger than
  /// `most` bytes. Call only while empty().
  void reuse(shared_bytes used, size_t most) noexcept;

private:
  ref<byte_block> block_;
  size_t size_ = 0;
};

} // namespace roomcast
