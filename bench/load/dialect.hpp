#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace roomcast::bench {

/// How one kind of server spells things: templates in which %R stands for the room, %P for the payload and %I
/// for a request number. Empty: the server has no such thing.
struct dialect {
  std::string_view name;
  std::string_view path;             ///< default request target
  std::string_view greeting;         ///< in the text that the server sends first
  std::string_view login;            ///< sent once greeted
  std::string_view login_answer;     ///< in the answer to it
  std::string_view join;             ///< one per room
  std::string_view join_answer;      ///< in the answer; empty: a WebSocket ping behind the joins is answered
  std::string_view publish;          ///< one message
  std::string_view heartbeat;        ///< the server's own, on top of WebSocket pings
  bool heartbeat_is_whole_text;      ///< else it is somewhere in the text
  std::string_view heartbeat_answer; ///< what we say to it
  bool echoes;                       ///< a publisher gets its own message back
};

/// The dialect of that name, or null. Any thread.
const dialect* find_dialect(std::string_view name) noexcept;

/// All names, separated by spaces.
std::string dialect_names();

/// Puts `with` in the place of each `what`.
std::string replaced(std::string text, std::string_view what, std::string_view with);

/// Fills in room and payload.
std::string expand(std::string_view text_template, std::string_view room, std::string_view payload);

} // namespace roomcast::bench
