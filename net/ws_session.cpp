#include "net/ws_session.hpp"

#include "core/limits.hpp"
#include "net/io_thread.hpp"
#include "net/server.hpp"
#include "net/socket_io.hpp"
#include "net/ws_session_impl.hpp"

#include <array>
#include <utility>

/// A session at work: reading and writing. How it ends is in ws_session_end.cpp.
namespace roomcast::net {
namespace {

using boost::system::error_code;

constexpr int max_read_rounds = 4;        // full buffers per turn, before the other sockets get theirs
constexpr unsigned max_turn_events = 128; // frames or whole messages of one turn: small ones may cost more
constexpr size_t gather_parts = 64; // entries per write; sendmsg takes up to 1,024, but more bring no speed

} // namespace

ws_session::ws_session(
    io_thread& where, tcp_socket socket, const boost::asio::ip::tcp::endpoint& peer,
    std::string_view already_read, server_state& state) :
    where_(where),
    state_(state),
    socket_(std::move(socket)),
    peer_(peer),
    decoder_(ws_decoder::sender::client, state.options.max_message_bytes) {
  error_code ignored;
  socket_.set_option(boost::asio::ip::tcp::no_delay{true}, ignored);
  if (!already_read.empty()) unread_ = std::make_unique<unread>(unread{std::string{already_read}});
}

void ws_session::start(session_handler& handler) {
  if (phase_ != phase::created) return;
  handler_ = &handler;
  phase_ = phase::open;
  heard();
  where_.timers().set(*this, first_look());
  flush();
  continue_reading();
}

// -- reading -----------------------------------------------------------------

void ws_session::await_readable() {
  if (reading_ || unread_ || !wants_input()) return;
  reading_ = true;
  socket_.async_wait(tcp_socket::wait_read, [self = share()](error_code failed) {
    self->reading_ = false;
    if (failed) return self->on_connection_gone();
    self->on_readable();
  });
}

void ws_session::on_readable() {
  // What was read earlier comes first; read_unread() waits for more afterwards.
  if (unread_ || !wants_input()) return;
  handler_->enter([this] { read_turn(); });
}

void ws_session::read_turn() {
  for (int round = 0; round < max_read_rounds && wants_input() && read_once();) ++round;
  flush();
  continue_reading();
}

/// Reads once into the thread's buffer; returns whether there may be more.
bool ws_session::read_once() {
  const auto buffer = where_.read_buffer();
  const auto [status, n] = receive(socket_.native_handle(), buffer);
  if (status == io_status::gone) on_connection_gone();
  if (status != io_status::ok) return false;
  heard();
  if (phase_ == phase::open) handler_->on_bytes(n);
  const auto rest = decode(buffer.first(n));
  if (!rest.empty()) unread_ = std::make_unique<unread>(unread{{rest.data(), rest.size()}});
  return n == buffer.size() && !unread_;
}

void ws_session::resume_reading() {
  if (!paused_) return;
  paused_ = false;
  heard(); // the time of the pause does not count against the peer
  continue_reading();
}

void ws_session::continue_reading() {
  if (!unread_) return await_readable();
  if (resuming_ || !wants_input()) return;
  resuming_ = true;
  post([](ws_session& self) {
    self.resuming_ = false;
    if (self.unread_ && self.wants_input()) self.handler_->enter([&self] { self.read_unread(); });
  });
}

void ws_session::read_unread() {
  auto input = std::move(unread_);
  auto& [bytes, begin] = *input;
  const auto rest = decode({bytes.data() + begin, bytes.size() - begin});
  if (!rest.empty()) {
    begin = bytes.size() - rest.size();
    unread_ = std::move(input);
  }
  flush();
  continue_reading();
}

/// Hands over the events of `bytes`; returns what is left undecoded because of a pause, or for another turn.
std::span<char> ws_session::decode(std::span<char> bytes) {
  for (auto left = max_turn_events; !discarding_ && wants_input(); --left) {
    if (left == 0) return bytes;
    const auto event = decoder_.next(bytes);
    if (event.kind == frame_event::none) return {};
    on_event(event);
  }
  return paused_ ? bytes : std::span<char>{};
}

void ws_session::on_event(const frame_event& event) {
  switch (event.kind) {
  case frame_event::message: return on_data(event);
  case frame_event::ping:
    if (phase_ != phase::open) return;
    queue_.push_frame(opcode::pong, event.payload);
    enforce_bound();
    return handler_->on_control();
  case frame_event::close: return on_peer_close(event.code);
  case frame_event::failed: return on_broken_rules(event.code);
  case frame_event::pong:
    if (phase_ == phase::open) handler_->on_control();
    return;
  case frame_event::none: return;
  }
}

void ws_session::on_data(const frame_event& event) {
  if (phase_ != phase::open) return; // we are leaving: what comes now is not acted upon
  ++traffic_.messages_in;
  if (!event.binary) return handler_->on_message(event.payload);
  if (!handler_->on_binary(event.payload)) on_broken_rules(close_code::unsupported_data);
}

// -- writing -----------------------------------------------------------------

void ws_session::queue(const shared_bytes& frames) {
  if (phase_ > phase::open) return;
  queue_.push(frames);
  enforce_bound();
}

void ws_session::queue(const shared_bytes& frames, const frame_tag& tag) {
  if (phase_ > phase::open) return;
  queue_.push(frames, tag);
  enforce_bound();
}

void ws_session::queue_text(std::string_view text) {
  if (phase_ > phase::open) return;
  queue_.push_frame(opcode::text, text);
  enforce_bound();
}

void ws_session::flush() {
  if (phase_ != phase::open && phase_ != phase::closing) return;
  while (!writing_ && !queue_.empty()) {
    const auto status = write();
    if (status == io_status::gone) return on_connection_gone();
    if (status == io_status::wait) await_writable();
  }
  report_queued();
  if (queue_.empty()) on_drained();
}

/// One gather write of a queue that is not empty.
io_status ws_session::write() {
  std::array<iovec, gather_parts> parts;
  const size_t count = queue_.gather(parts);
  const auto [status, n] = send(socket_.native_handle(), {parts.data(), count});
  if (status == io_status::ok) queue_.consume(n);
  return status;
}

void ws_session::await_writable() {
  writing_ = true;
  if (paused_) heard(); // nothing counted so far; from here on the peer has to take what waits
  socket_.async_wait(tcp_socket::wait_write, [self = share()](error_code failed) {
    self->writing_ = false;
    if (failed) return self->on_connection_gone();
    self->heard(); // a peer that takes bytes lives; our ping may be far back in the queue
    self->flush();
  });
}

/// A queue over its bound: the socket may just not have been tried yet; if it takes nothing, the peer is
/// slow.
void ws_session::enforce_bound() {
  if (phase_ != phase::open || queue_.bytes() <= state_.queue_bound()) return;
  flush();
  if (phase_ == phase::open && queue_.bytes() > state_.queue_bound()) relieve();
}

/// Drops what may be dropped, and more than just enough: going through the queue is worth it for many
/// messages, not for each.
void ws_session::relieve() {
  const auto bound = state_.queue_bound();
  const auto dropped = queue_.shed(bound - bound / 4, [this](const room_name& room, uint64_t events) {
    return handler_->gap_text(room, events);
  });
  traffic_.dropped_events += dropped;
  state_.counters.dropped_events.fetch_add(dropped, std::memory_order_relaxed);
  report_queued();
  if (queue_.bytes() > bound) on_slow_consumer();
}

void ws_session::on_drained() {
  if (phase_ != phase::closing) return;
  if (peer_closed_) return end(why_);
  if (!discarding_ || half_closed_) return;
  half_closed_ = true;
  // The peer may still be sending. Closing now would answer its bytes with a reset, and the reset can
  // overtake our close frame; so: end our direction and read until the peer ends its own.
  error_code ignored;
  socket_.shutdown(tcp_socket::shutdown_send, ignored);
}

/// Only what stays queued after a write is counted, so that the usual turn touches no shared counter.
void ws_session::report_queued() noexcept {
  const size_t now = queue_.bytes();
  if (now == reported_bytes_) return;
  state_.counters.queued_bytes.fetch_add(now - reported_bytes_, std::memory_order_relaxed); // modulo 2^64
  reported_bytes_ = now;
}

std::unique_ptr<session> make_ws_session(
    io_thread& where, tcp_socket socket, const boost::asio::ip::tcp::endpoint& peer,
    std::string_view already_read, server_state& state) {
  return std::make_unique<ws_session>(where, std::move(socket), peer, already_read, state);
}

} // namespace roomcast::net
