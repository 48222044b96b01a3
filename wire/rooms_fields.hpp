#pragma once

#include "wire/json_scan.hpp"

#include <string_view>

namespace roomcast::wire {

/// The members of a request that the rooms protocol knows, as raw JSON; absent ones are empty. Where a member
/// comes twice the last one counts, as in JSON.parse.
struct rooms_fields {
  std::string_view type;
  std::string_view room;
  std::string_view room_id;
  std::string_view id;
  std::string_view user;
  std::string_view message;
  std::string_view after;
  std::string_view key;
  std::string_view history;
  std::string_view recover;
  std::string_view recoverable;
  std::string_view limit;
  std::string_view before;

  /// Reads all members of `scan`; whether the text was JSON is for the caller to ask `scan` afterwards.
  void read(json_scan& scan);
};

/// What tells users apart: the raw JSON of `id` in `user`, which is a valid JSON object, or all of `user`.
std::string_view user_identity(std::string_view user);

inline bool is_string(std::string_view raw) noexcept { return raw.starts_with('"'); }
inline bool is_object(std::string_view raw) noexcept { return raw.starts_with('{'); }
inline bool is_scalar(std::string_view raw) noexcept {
  return !raw.starts_with('{') && !raw.starts_with('[');
}

} // namespace roomcast::wire
