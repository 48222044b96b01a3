#pragma once

#include "core/ids.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace roomcast::actors {

/// What becomes of one connection's user in a room.
enum class presence_step : uint8_t {
  enter,  ///< it is there as this user, whoever it was before
  depart, ///< it is not there any more
  keep,   ///< it is there as before: named in a whole list, so that nobody takes it for gone
};

/// One step of one connection; a plain value.
struct presence_op {
  presence_step step;
  connection_id who;
  std::string user_id; ///< enter: raw JSON, tells users apart
  std::string user;    ///< enter: raw JSON object
  std::string reason;  ///< depart: of the exit notice; may be empty
};

/// Whether anybody enters, and so wants to know who is there.
inline bool has_entry(const std::vector<presence_op>& ops) noexcept {
  return std::any_of(
      ops.begin(), ops.end(), [](const presence_op& op) { return op.step == presence_step::enter; });
}

/// The reason of an exit that nobody asked for.
constexpr const char* disconnect_reason = "disconnect";

} // namespace roomcast::actors
