#pragma once

#include "core/error.hpp"
#include "core/ref.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace roomcast {

/// The name of a room: 1 to 255 bytes (limits.hpp) of UTF-8 without control characters. Immutable and shared:
/// 8 bytes, cheap to copy, any thread. Two names may have equal text in different storage: `==` compares
/// text, `same_instance` the storage, which tells one life of a room on this node from the next.
class room_name {
public:
  room_name() noexcept = default;

  /// Checks `text`; `bad_room` with the reason otherwise. `max_bytes` comes from the configuration.
  static result<room_name> parse(std::string_view text, size_t max_bytes);
  /// As parse, with the default limit.
  static result<room_name> parse(std::string_view text);
  /// What `parse` would say against `text`; nothing if it is a room name. Allocates only for a complaint.
  static std::optional<error> check(std::string_view text, size_t max_bytes);

  std::string_view view() const noexcept { return text_ ? text_->view() : std::string_view{}; }
  size_t hash() const noexcept { return text_ ? text_->hash : 0; }
  bool same_instance(const room_name& other) const noexcept { return text_ == other.text_; }
  explicit operator bool() const noexcept { return static_cast<bool>(text_); }

  friend bool operator==(const room_name& a, const room_name& b) noexcept {
    return a.same_instance(b) || a.view() == b.view();
  }
  friend bool operator==(const room_name& a, std::string_view b) noexcept { return a.view() == b; }

private:
  /// The text stands behind the header, in one allocation.
  struct storage final : ref_counted {
    uint32_t size;
    size_t hash;

    explicit storage(std::string_view text) noexcept;
    static ref<storage> make(std::string_view text);
    static void destroy(const storage* s) noexcept;
    std::string_view view() const noexcept { return {reinterpret_cast<const char*>(this + 1), size}; }
  };

  ref<storage> text_;
};

/// Hash and equality for containers keyed by room_name that are searched by text.
struct room_name_hash {
  using is_transparent = void;
  size_t operator()(const room_name& name) const noexcept { return name.hash(); }
  size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
};

struct room_name_equal {
  using is_transparent = void;
  bool operator()(const room_name& a, const room_name& b) const noexcept { return a == b; }
  bool operator()(const room_name& a, std::string_view b) const noexcept { return a.view() == b; }
  bool operator()(std::string_view a, const room_name& b) const noexcept { return a == b.view(); }
};

} // namespace roomcast
