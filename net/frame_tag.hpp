#pragma once

#include "core/room_name.hpp"
#include "core/slow_policy.hpp"

#include <cstdint>

namespace roomcast::net {

/// Whose events a run of frames holds, one per frame, and what may happen to them while they wait.
struct frame_tag {
  room_name room;
  uint32_t events;
  slow_policy policy;
};

} // namespace roomcast::net
