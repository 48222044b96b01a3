#pragma once

#include <cstdint>

namespace roomcast {

/// What happens to a room's events when they wait for a client that does not read fast enough.
enum class slow_policy : uint8_t {
  disconnect,  ///< nothing is dropped: the client is closed
  drop_oldest, ///< the oldest are dropped, until the queue fits again
  latest_only, ///< all but the newest are dropped
};

} // namespace roomcast
