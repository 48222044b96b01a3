#include "core/error.hpp"

namespace roomcast {

std::string_view to_string(error_code code) noexcept {
  switch (code) {
  case error_code::bad_json: return "bad_json";
  case error_code::bad_request: return "bad_request";
  case error_code::unknown_type: return "unknown_type";
  case error_code::bad_room: return "bad_room";
  case error_code::too_many_rooms: return "too_many_rooms";
  case error_code::too_large: return "too_large";
  case error_code::not_member: return "not_member";
  case error_code::forbidden: return "forbidden";
  case error_code::unauthorized: return "unauthorized";
  case error_code::rate_limited: return "rate_limited";
  case error_code::draining: return "draining";
  case error_code::internal: return "internal";
  case error_code::bus_unavailable: return "bus_unavailable";
  }
  return "internal";
}

} // namespace roomcast
