#pragma once

#include "core/close_code.hpp"
#include "core/shared_bytes.hpp"
#include "net/frame_tag.hpp"
#include "net/function_ref.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace roomcast::net {

/// How much went through one session since it opened. Messages are WebSocket messages, bytes are payload.
struct session_counters {
  uint64_t messages_in = 0;
  uint64_t dropped_events = 0; ///< from its queue, because it did not read fast enough
};

/// What a session tells its owner, always on the session's I/O thread.
class session_handler {
public:
  /// Wraps whatever the session does because of the network: the owner calls `turn` once, in its own context.
  virtual void enter(function_ref<void()> turn) = 0;
  /// One text message, complete and valid UTF-8; the view dies with the call. May call any method of the
  /// session.
  virtual void on_message(std::string_view text) = 0;
  /// One binary message, complete; the view dies with the call. False: not supported, the session closes with
  /// unsupported_data (1003).
  virtual bool on_binary(std::string_view) { return false; }
  /// So many bytes came, whatever they are; before what is in them is told.
  virtual void on_bytes(size_t) {}
  /// A ping, which was answered, or a pong came.
  virtual void on_control() {}
  /// The text of the notice that takes the place of dropped events; empty: none. Called while events are
  /// queued or flushed; may not call the session.
  virtual std::string gap_text(const room_name&, uint64_t) { return {}; }
  /// The session is over, for the reason given, and calls nothing any more. Not called after the owner's own
  /// abort().
  virtual void on_closed(close_code why) = 0;

protected:
  ~session_handler() = default;
};

/// One open WebSocket connection as its owner sees it. All methods on its I/O thread, none blocks. Output is
/// bounded by `max_queue_bytes`: a session over it drops what may be dropped, and if that is not enough it is
/// closed as a slow consumer (its close frame, 1 s, then a reset). After close() or a failure, queueing is
/// allowed and does nothing.
class session {
public:
  virtual ~session() = default;

  /// Starts reading; `handler` outlives the session. Call once.
  virtual void start(session_handler& handler) = 0;

  /// Appends finished WebSocket frames, shared with other sessions. Nothing is written before flush() (or the
  /// end of the session's own read turn), except that a full queue tries the socket before it gives up.
  virtual void queue(const shared_bytes& frames) = 0;
  /// The same for events that may be dropped before the session becomes a slow consumer.
  virtual void queue(const shared_bytes& frames, const frame_tag& tag) = 0;
  /// Appends one text frame of this session alone (an answer, an error).
  virtual void queue_text(std::string_view text) = 0;
  /// Writes what is queued with one gather write; the rest goes when the socket takes it.
  virtual void flush() = 0;

  /// Close handshake (RFC 6455 section 7): what is queued, then a close frame; ends with on_closed().
  virtual void close(close_code code, std::string_view reason) = 0;
  /// Drops the connection at once and silently: no close frame, no on_closed().
  virtual void abort() = 0;

  /// Stops and goes on reading from the socket (and with it the pong deadline, unless output waits that the
  /// peer does not take).
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;

  virtual size_t queued_bytes() const noexcept = 0;
  virtual const session_counters& counters() const noexcept = 0;
  /// `203.0.113.7:50312` or `[2001:db8::1]:50312`
  virtual std::string remote_address() const = 0;
};

} // namespace roomcast::net
