#pragma once

#include "core/ref.hpp"
#include "net/endpoint.hpp"
#include "net/output_queue.hpp"
#include "net/server_state.hpp"
#include "net/socket_io.hpp"
#include "net/timer_wheel.hpp"
#include "net/ws_frame.hpp"
#include "net/ws_session.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <chrono>
#include <memory>
#include <new>
#include <span>
#include <string>

namespace roomcast::net {

/// The session on one socket; it lives on its I/O thread.
///
/// One allocation: pending Asio handlers hold a reference to the object itself. Deleting it (the owner has it
/// as unique_ptr<session>) ends the connection and calls nothing any more; the memory goes with the last
/// handler. How a session ends:
///
///     open --close(), peer's close frame, broken rules, slow, silent--> closing --drained and answered,
///     end of stream, deadline--> over --posted: on_closed()
///
/// on_closed() is always called from a handler of its own: the calls that find out may come from an owner
/// that is in the middle of its own work, queueing to many sessions.
class ws_session final : public session, public ref_counted, private timer_wheel::timer {
public:
  ws_session(
      io_thread& where, tcp_socket socket, const boost::asio::ip::tcp::endpoint& peer,
      std::string_view already_read, server_state& state);

  static void operator delete(ws_session* self, std::destroying_delete_t) noexcept {
    self->abort();
    if (self->drop_ref()) destroy(self);
  }
  static void destroy(ws_session* self) noexcept {
    self->~ws_session();
    ::operator delete(static_cast<void*>(self));
  }

  void start(session_handler& handler) override;
  void queue(const shared_bytes& frames) override;
  void queue(const shared_bytes& frames, const frame_tag& tag) override;
  void queue_text(std::string_view text) override;
  void flush() override;
  void close(close_code code, std::string_view reason) override;
  void abort() override;
  void pause_reading() override { paused_ = phase_ <= phase::open; } // closing needs to see the peer's end
  void resume_reading() override;
  size_t queued_bytes() const noexcept override { return queue_.bytes(); }
  const session_counters& counters() const noexcept override { return traffic_; }
  std::string remote_address() const override { return endpoint_text(peer_); }

private:
  enum class phase : uint8_t { created, open, closing, over };

  /// Input that was read and not decoded: the owner paused or has not started, or other sockets come first.
  struct unread {
    std::string bytes;
    size_t begin = 0;
  };

  ref<ws_session> share() noexcept {
    add_ref();
    return ref<ws_session>::adopt(this);
  }
  template <class Task> void post(Task task) {
    boost::asio::post(socket_.get_executor(), [self = share(), task] { task(*self); });
  }

  // reading
  bool wants_input() const noexcept {
    return (phase_ == phase::open || phase_ == phase::closing) && !paused_ && !peer_closed_;
  }
  void await_readable();
  void on_readable();
  void read_turn();
  bool read_once();
  void continue_reading();
  void read_unread();
  std::span<char> decode(std::span<char> bytes);
  void on_event(const frame_event& event);
  void on_data(const frame_event& event);

  // writing
  io_status write();
  void await_writable();
  void enforce_bound();
  void relieve();
  void on_drained();
  void report_queued() noexcept;

  // ending
  void on_peer_close(close_code code);
  void on_broken_rules(close_code code);
  void on_slow_consumer();
  void begin_close(close_code code, std::string_view reason, std::chrono::milliseconds patience);
  void on_connection_gone() { end(phase_ == phase::closing ? why_ : close_code::abnormal); }
  void end(close_code why);
  void release() noexcept;
  void tell_owner();

  // time
  void heard() noexcept;
  std::chrono::milliseconds first_look() const noexcept;
  void on_timer() override;
  void keep_alive();
  bool takes_a_little();
  void on_deadline();

  io_thread& where_;
  server_state& state_;
  session_handler* handler_ = nullptr;
  tcp_socket socket_;
  boost::asio::ip::tcp::endpoint peer_;
  ws_decoder decoder_;
  output_queue queue_;
  std::unique_ptr<unread> unread_;
  session_counters traffic_;
  uint32_t last_heard_ms_ = 0;  // modulo 2^32
  uint32_t reported_bytes_ = 0; // our part of the server's queued_bytes
  close_code why_ = close_code::abnormal;
  phase phase_ = phase::created;
  bool reading_ : 1 = false;     // a wait for readable is pending
  bool writing_ : 1 = false;     // a wait for writable is pending: the socket takes nothing now
  bool paused_ : 1 = false;      // by the owner
  bool resuming_ : 1 = false;    // a handler that decodes unread_ is posted
  bool pinged_ : 1 = false;      // and heard nothing since
  bool peer_closed_ : 1 = false; // its close frame is here: nothing follows
  bool discarding_ : 1 = false;  // input is read only to find its end
  bool half_closed_ : 1 = false; // our end of the stream is sent
  bool looked_at_ : 1 = false;   // the keep-alive has had its first look
};

// Memory per idle connection is a feature; mind what is added.
static_assert(sizeof(ws_session) <= 216);

} // namespace roomcast::net
