#pragma once

#include "core/error.hpp"
#include "core/position.hpp"
#include "wire/request.hpp"
#include "wire/roster.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace roomcast::wire {

/// What an answer says about the room's history; left out where nothing was asked.
struct history_note {
  position at{};                   ///< of the message, or from where live messages follow
  std::optional<bool> recoverable; ///< whether deliveries carry their numbers
  std::optional<bool> recovered;   ///< whether everything missed follows
  bool repeated = false;           ///< the key was known: nothing was published again
};

/// Messages of a room's past, oldest first.
struct history_page {
  struct entry {
    uint64_t seq;
    std::string_view text; ///< as it was delivered
  };
  epoch_id epoch = no_epoch; ///< no_epoch: the room has no history
  std::vector<entry> entries;
  bool more = false; ///< there are older ones
};

/// One way to spell requests, answers and events. Stateless: one object serves all connections on all
/// threads. Encoders append one JSON text (no frame header) to `out`; `id` is raw JSON and is left out when
/// empty.
class dialect {
public:
  virtual ~dialect() = default;

  /// The name shown in stats, e.g. `rooms`.
  virtual std::string_view name() const noexcept = 0;

  /// Reads one text message (valid UTF-8). `scratch` keeps the fields that had to be unescaped. Never throws.
  virtual result<request, bad_request>
  decode(std::string_view text, const decode_limits& limits, std::string& scratch) const noexcept = 0;

  virtual void
  ack(std::string& out, std::string_view id, std::string_view room, const history_note& note) const = 0;
  virtual void pong(std::string& out, std::string_view id) const = 0;
  virtual void created(
      std::string& out, std::string_view id, std::string_view room, std::string_view user,
      const history_note& note) const = 0;
  virtual void joined(
      std::string& out, std::string_view id, std::string_view room, const roster& who,
      const history_note& note) const = 0;
  virtual void
  presence(std::string& out, std::string_view id, std::string_view room, const roster& who) const = 0;
  virtual void
  history(std::string& out, std::string_view id, std::string_view room, const history_page& page) const = 0;
  /// Stands in the place of `dropped` events of the room that waited too long for a slow client.
  virtual void gap(std::string& out, std::string_view room, uint64_t dropped) const = 0;
  virtual void
  failed(std::string& out, const error& what, std::string_view id, std::string_view room) const = 0;
};

/// The rooms protocol (docs/protocol.md).
const dialect& rooms_dialect() noexcept;

// -- what goes over the bus: the text that members receive --------------------

/// `{"type":T,"roomId":R,"message":M}`, for chat with `user` before `message`: exactly what members receive.
/// `publication.room` was checked; message and user are copied byte for byte.
std::string event_text(const request& publication);

/// `{"type":"join","roomId":R,"user":U}`
std::string join_notice(std::string_view room, std::string_view user);

/// `{"type":"gap","room":R,"epoch":E,"from":A,"to":B}`: messages that are lost for good, or (to = from - 1)
/// none, but a new epoch begins.
std::string gap_notice(std::string_view room, epoch_id epoch, uint64_t from, uint64_t to);

/// Appends `text`, an event as it was delivered, with `,"seq":N` before its last brace.
void append_numbered(std::string& out, std::string_view text, uint64_t seq);

/// `{"type":"exit","roomId":R,"user":U}`, with `"reason":REASON` behind when it is not empty.
std::string exit_notice(std::string_view room, std::string_view user, std::string_view reason);

} // namespace roomcast::wire
