#include "core/shared_bytes.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>

namespace roomcast {

ref<byte_block> byte_block::make(size_t capacity) {
  if (capacity > std::numeric_limits<uint32_t>::max()) throw std::bad_alloc();
  void* place = ::operator new(sizeof(byte_block) + capacity);
  return ref<byte_block>::adopt(new (place) byte_block(static_cast<uint32_t>(capacity)));
}

void byte_block::destroy(const byte_block* block) noexcept {
  block->~byte_block();
  ::operator delete(const_cast<byte_block*>(block));
}

shared_bytes::shared_bytes(std::string_view text) : size_(static_cast<uint32_t>(text.size())) {
  if (text.empty()) return;
  block_ = byte_block::make(text.size());
  std::memcpy(block_->data(), text.data(), text.size());
}

void bytes_builder::reserve(size_t capacity) {
  if (block_ && block_->capacity() >= capacity) return;
  auto block = byte_block::make(capacity);
  if (size_ > 0) std::memcpy(block->data(), block_->data(), size_);
  block_ = std::move(block);
}

char* bytes_builder::extend(size_t n) {
  const size_t capacity = block_ ? block_->capacity() : 0;
  if (size_ + n > capacity) reserve(std::max({size_ + n, capacity * 2, size_t{256}}));
  char* place = block_->data() + size_;
  size_ += n;
  return place;
}

void bytes_builder::append(std::string_view text) {
  if (!text.empty()) std::memcpy(extend(text.size()), text.data(), text.size());
}

shared_bytes bytes_builder::finish() noexcept {
  const size_t size = std::exchange(size_, 0);
  return {std::exchange(block_, nullptr), 0, size};
}

void bytes_builder::reuse(shared_bytes used, size_t most) noexcept {
  if (used.unique() && used.capacity() <= most) block_ = std::move(used.block_);
}

} // namespace roomcast
