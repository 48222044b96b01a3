#pragma once

#include <string>
#include <string_view>

namespace roomcast::actors {

/// How rooms are spelled on the bus.
struct channel_naming {
  std::string before; ///< in front of the room's name
  std::string after;  ///< behind it
  bool headers;       ///< payloads may carry roomcast's own header (wire/bus_payload.hpp)
  std::string prefix; ///< of all other keys

  /// From the two settings; the template has `%` exactly once.
  static channel_naming make(std::string_view prefix, std::string_view channel_template);

  /// Appends the room's channel.
  void append_channel(std::string& out, std::string_view room) const {
    out.append(before).append(room).append(after);
  }
  std::string channel_of(std::string_view room) const {
    std::string channel;
    append_channel(channel, room);
    return channel;
  }
};

} // namespace roomcast::actors
