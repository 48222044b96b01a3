#pragma once

#include "core/error.hpp"
#include "net/session.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace roomcast::net {

class io_thread;

/// One HTTP request, as far as a node cares. Bodies are read (up to 64 KiB) and dropped.
struct http_request {
  std::string method;
  std::string path;  ///< without query
  std::string query; ///< behind `?`, undecoded
  std::string authorization;
  std::string remote_address;
  bool from_loopback =
      false; ///< the peer's address is loopback and no Forwarded or X-Forwarded-* field is there
  std::vector<std::string> subprotocols; ///< offered in Sec-WebSocket-Protocol, in order
};

struct http_response {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

/// Answers one request, once, from any thread. Dropped unanswered: status 500.
using http_responder = std::function<void(http_response)>;

/// The answer to a WebSocket handshake: the subprotocol to name ("" for none).
struct upgrade_accept {
  std::string subprotocol;
};

/// What a server asks of the node. Called on the I/O threads, several at once.
class server_handler {
public:
  /// A request without upgrade.
  virtual void on_request(io_thread& where, http_request request, http_responder respond) = 0;
  /// A valid WebSocket handshake: accept, or refuse by a response.
  virtual result<upgrade_accept, http_response> on_upgrade(const http_request& request) = 0;
  /// The handshake is done. The handler owns the session from here and starts it.
  virtual void on_open(io_thread& where, std::unique_ptr<session> opened, const http_request& request) = 0;

protected:
  ~server_handler() = default;
};

/// Bounds of one session and of the server; see config/settings.hpp for the meaning.
struct server_options {
  std::string host = "::";
  uint16_t port = 8080; ///< 0: any free one, see port()
  size_t max_message_bytes = 65'536;
  size_t max_queue_bytes = 1'048'576;
  size_t max_connections = 0;             ///< open sockets; 0: the open-file limit less 64
  size_t max_connections_per_address = 0; ///< open sockets of one address (IPv6: of one /64); 0: any number
  size_t connections_per_second = 0;      ///< upgrades, burst of one second; 0: any
  size_t max_output_memory = 0;           ///< bytes in all output queues; 0: any
};

/// Counted on the I/O threads, read by anyone.
struct server_counters {
  std::atomic<uint64_t> accepted{0};
  std::atomic<uint64_t> accept_errors{0};      ///< EMFILE and friends: accepting paused
  std::atomic<uint64_t> refused{0};            ///< sockets and upgrades answered 503 at max_connections
  std::atomic<uint64_t> refused_by_address{0}; ///< ... at max_connections_per_address
  std::atomic<uint64_t> refused_by_rate{0};    ///< upgrades answered 503 at connections_per_second
  std::atomic<uint64_t> refused_by_memory{0};  ///< ... at max_output_memory
  std::atomic<uint64_t> bad_handshakes{0};     ///< not HTTP, too large, too slow
  std::atomic<uint64_t> slow_consumers{0};     ///< sessions closed because their queue was full
  std::atomic<uint64_t> silent{0};             ///< sessions closed because the peer answered no ping
  std::atomic<uint64_t> protocol_errors{0};    ///< sessions closed with 1002, 1003, 1007 or 1009
  std::atomic<uint64_t> dropped_events{0};     ///< dropped from the queues of slow consumers
  std::atomic<uint64_t> open{0};               ///< sockets open now
  std::atomic<uint64_t> queued_bytes{0};       ///< output queues together, now
  std::atomic<bool> accepting{true};           ///< false: the listening socket is closed, `open` only falls
};

/// One listening socket; accepted sockets are dealt to the I/O threads in turn. HTTP/1.1 by Boost.Beast,
/// WebSocket (RFC 6455) by net/ws_session after the upgrade.
class server {
public:
  /// Binds and listens, but does not accept yet. The error says what and where ("port 8080 is in use").
  /// `threads` outlive the server, `handler` too.
  static result<std::unique_ptr<server>, std::string>
  open(const server_options& options, std::vector<io_thread*> threads, server_handler& handler);

  /// Closes the HTTP connections; waits for a handler call that runs now, and no further one comes. Sessions
  /// go on. Any thread, but not from within a handler call.
  virtual ~server() = default;
  /// Begins to accept. Any thread.
  virtual void start() = 0;
  /// Stops accepting and closes idle HTTP connections; WebSocket sessions go on. Any thread; returns at once.
  virtual void stop_accepting() = 0;
  /// The port it listens on.
  virtual uint16_t port() const noexcept = 0;
  virtual const server_counters& counters() const noexcept = 0;
};

} // namespace roomcast::net
