#pragma once

#include "core/error.hpp"
#include "core/position.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace roomcast::wire {

/// What a client may ask for, whatever the dialect calls it.
enum class request_kind : uint8_t {
  subscribe,
  unsubscribe,
  publish,
  create,
  join,
  exit,
  presence,
  history,
  ping
};

/// One decoded request. All views point into the frame's text or into the decoder's scratch string: use them
/// before either goes. Absent fields are empty.
struct request {
  request_kind kind;
  std::string_view type; ///< as the client wrote it (`SEND_MESSAGE`, `publish`, `chat` ...); delivered as is
  std::string_view room; ///< decoded text, checked as room_name::parse does; empty only for create and ping
  std::string_view
      id; ///< raw JSON scalar (`7`, `"a"`), at most limits::max_id_bytes; empty: no answer wanted
  std::string_view user; ///< raw JSON object, at most limits::max_user_bytes
  std::string_view
      user_id; ///< raw JSON of user.id, or all of `user` where that has no id: what tells users apart
  std::string_view message; ///< raw JSON value
  std::string_view after;   ///< presence: raw JSON of the user id that the page starts behind
  std::string_view key; ///< publish: what makes it idempotent, as written between the quotes; may be empty
  bool recoverable = false;        ///< subscribe, join, create: deliveries shall carry their sequence numbers
  std::optional<position> recover; ///< of them: everything behind this place first; no epoch: not one of ours
  uint32_t newest = 0; ///< of them: so many of the newest messages first; history: at most so many
  uint64_t before = 0; ///< history: only messages before this one; 0: the newest
};

/// A request that cannot be served, with what the error answer repeats of it.
struct bad_request {
  error what;
  std::string_view id;   ///< raw JSON scalar, or empty
  std::string_view room; ///< decoded text, or empty
};

/// The configured bounds a decoder checks; the frame's own size is net's business.
struct decode_limits {
  size_t max_room_name_bytes;
  size_t max_json_depth;
};

} // namespace roomcast::wire
