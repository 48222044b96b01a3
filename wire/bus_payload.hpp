#pragma once

#include "core/error.hpp"
#include "core/ids.hpp"
#include "core/position.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace roomcast::wire {

/// One message as it travels on the bus: an optional header line and the JSON text for the members.
///
///     \x01e=EPOCH;s=SEQ;x=BOOT.CONN\n{"type":...}
///
/// Each part of the header is optional, unknown parts are ignored, a payload without header is the JSON
/// alone. `e` and `s` come together: the message's place in the room's history.
struct bus_payload {
  std::string_view text; ///< JSON for the members: UTF-8, starts with `{`
  std::string_view
      exclude_boot; ///< boot id of the node whose connection gets no copy; empty: nobody is excluded
  connection_id exclude_connection{}; ///< that connection
  position at{};                      ///< without epoch: not in the history
};

/// Why a payload from the bus is not passed on.
enum class bus_reject : uint8_t { too_large, not_utf8, not_an_object, bad_header };

std::string_view to_string(bus_reject why) noexcept;

/// Checks a payload without parsing its JSON. Views point into `payload`.
result<bus_payload, bus_reject> decode_bus_payload(std::string_view payload, size_t max_bytes) noexcept;

/// The payload of an event that `boot`.`connection` shall not receive.
std::string exclude(std::string_view boot, connection_id connection, std::string_view text);

} // namespace roomcast::wire
