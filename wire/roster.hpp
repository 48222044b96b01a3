#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace roomcast::wire {

/// Who is in a room: one page of it.
struct roster {
  uint64_t count = 0; ///< connections that joined with a user
  std::vector<std::string>
      users;         ///< distinct users, each the raw JSON object as written, in order of arrival
  bool more = false; ///< there are users behind this page
};

} // namespace roomcast::wire
