#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace roomcast {

/// Base of objects shared by intrusive count; starts at one, owned by its creator (`adopt`).
/// Counting is safe from any thread; everything else is up to the derived class.
class ref_counted {
public:
  ref_counted() noexcept = default;
  ref_counted(const ref_counted&) = delete;
  ref_counted& operator=(const ref_counted&) = delete;

  void add_ref() const noexcept { count_.fetch_add(1, std::memory_order_relaxed); }

  /// Returns true when the caller held the last reference and has to destroy the object.
  [[nodiscard]] bool drop_ref() const noexcept { return count_.fetch_sub(1, std::memory_order_acq_rel) == 1; }

  /// True when nobody else can see the object: its owner may still change it.
  [[nodiscard]] bool unique() const noexcept { return count_.load(std::memory_order_acquire) == 1; }

protected:
  ~ref_counted() = default;

private:
  mutable std::atomic<uint32_t> count_{1};
};

/// Owning pointer to a `ref_counted` T: 8 bytes, no control block. T may bring `static void destroy(T*)`.
template <class T> class ref {
public:
  ref() noexcept = default;
  ref(std::nullptr_t) noexcept {}
  ref(const ref& other) noexcept : ptr_(other.ptr_) {
    if (ptr_) ptr_->add_ref();
  }
  ref(ref&& other) noexcept : ptr_(std::exchange(other.ptr_, nullptr)) {}
  ref& operator=(ref other) noexcept {
    std::swap(ptr_, other.ptr_);
    return *this;
  }
  ~ref() { reset(); }

  /// Takes over the reference that the creator holds.
  static ref adopt(T* ptr) noexcept {
    ref r;
    r.ptr_ = ptr;
    return r;
  }

  template <class... Args> static ref make(Args&&... args) {
    return adopt(new T(std::forward<Args>(args)...));
  }

  void reset() noexcept {
    if (auto* ptr = std::exchange(ptr_, nullptr); ptr && ptr->drop_ref()) {
      if constexpr (requires { T::destroy(ptr); })
        T::destroy(ptr);
      else
        delete ptr;
    }
  }

  T* get() const noexcept { return ptr_; }
  T* operator->() const noexcept { return ptr_; }
  T& operator*() const noexcept { return *ptr_; }
  explicit operator bool() const noexcept { return ptr_ != nullptr; }
  friend bool operator==(const ref& a, const ref& b) noexcept { return a.ptr_ == b.ptr_; }

private:
  T* ptr_ = nullptr;
};

} // namespace roomcast
