#include "core/limits.hpp"
#include "net/io_thread.hpp"
#include "net/server.hpp"
#include "net/socket_io.hpp"
#include "net/ws_session_impl.hpp"

#include <utility>

/// How a session ends, and the keep-alive that notices that it has to.
namespace roomcast::net {

using boost::system::error_code;

// -- ending ------------------------------------------------------------------

void ws_session::close(close_code code, std::string_view reason) {
  if (phase_ != phase::open) return;
  begin_close(code, reason, limits::close_timeout);
  flush();
  continue_reading();
}

void ws_session::abort() {
  handler_ = nullptr;
  if (phase_ == phase::over) return;
  phase_ = phase::over;
  release();
}

void ws_session::on_peer_close(close_code code) {
  peer_closed_ = true;
  if (phase_ == phase::open) begin_close(code, {}, limits::close_timeout);
}

void ws_session::on_broken_rules(close_code code) {
  discarding_ = true;
  if (phase_ != phase::open) return;
  state_.counters.protocol_errors.fetch_add(1, std::memory_order_relaxed);
  begin_close(code, info(code).reason, limits::close_timeout);
}

void ws_session::on_slow_consumer() {
  state_.counters.slow_consumers.fetch_add(1, std::memory_order_relaxed);
  queue_.drop_unbegun();
  discarding_ = true;
  unread_.reset();
  begin_close(close_code::slow_consumer, info(close_code::slow_consumer).reason, limits::slow_close_timeout);
  report_queued();
  continue_reading();
}

/// Queues our close frame; `patience` is for the queue to drain and the peer to answer.
void ws_session::begin_close(close_code code, std::string_view reason, std::chrono::milliseconds patience) {
  phase_ = phase::closing;
  why_ = code;
  paused_ = false; // the peer's close frame is to be seen
  queue_.push_frame(opcode::close, close_payload(code, reason));
  where_.timers().set(*this, patience);
}

void ws_session::end(close_code why) {
  if (phase_ == phase::over) return;
  phase_ = phase::over;
  why_ = why;
  release();
  post([](ws_session& self) { self.tell_owner(); });
}

/// Gives back everything but the object itself.
void ws_session::release() noexcept {
  cancel();
  queue_.clear();
  report_queued();
  unread_.reset();
  error_code ignored;
  socket_.close(ignored); // pending waits end with an error and drop their references
  state_.closed(peer_.address());
}

void ws_session::tell_owner() {
  auto* handler = std::exchange(handler_, nullptr);
  if (!handler) return; // abort() came first
  handler->enter([&] { handler->on_closed(why_); });
}

// -- time --------------------------------------------------------------------

void ws_session::heard() noexcept {
  last_heard_ms_ = static_cast<uint32_t>(where_.timers().now_ms());
  pinged_ = false;
}

/// Who connects in the same second would be pinged in the same second for ever: each has its first look at
/// another time, half an interval after the start or later.
std::chrono::milliseconds ws_session::first_look() const noexcept {
  constexpr std::chrono::milliseconds half = limits::ping_interval / 2;
  constexpr unsigned golden = 40'503; // of 65,536: the ports of one host, mostly in a row, end far apart
  return half + half * (peer_.port() * golden % 65'536) / 65'536;
}

void ws_session::on_timer() {
  if (phase_ == phase::closing) return on_deadline();
  if (phase_ == phase::open) keep_alive();
}

/// The timer is not moved by every message: when it fires, it looks how long the peer has been silent.
void ws_session::keep_alive() {
  if (takes_a_little()) heard();
  const std::chrono::milliseconds silent{static_cast<uint32_t>(where_.timers().now_ms()) - last_heard_ms_};
  const bool is_due = silent >= (looked_at_ ? limits::ping_interval : limits::ping_interval / 2);
  looked_at_ = true;
  if (paused_ && queue_.empty()) {
    where_.timers().set(*this, limits::ping_interval); // we do not listen, so silence proves nothing
  } else if (pinged_) {
    state_.counters.silent.fetch_add(1, std::memory_order_relaxed);
    const auto& row = info(close_code::pong_timeout);
    begin_close(row.code, row.reason, limits::slow_close_timeout); // most likely nobody is there
    flush();
  } else if (!is_due) {
    where_.timers().set(*this, limits::ping_interval - silent);
  } else {
    pinged_ = true;
    queue_.push_frame(opcode::ping, {});
    where_.timers().set(*this, limits::pong_timeout);
    flush();
  }
}

/// Whether the socket takes something of what waits for it: it tells so by itself only when there is much
/// room.
bool ws_session::takes_a_little() {
  if (!writing_ || queue_.empty() || write() != io_status::ok) return false;
  report_queued();
  return true;
}

/// The peer had its time. A reset, so that the kernel keeps nothing for a peer that does not read.
void ws_session::on_deadline() {
  reset_on_close(socket_.native_handle());
  end(why_);
}

} // namespace roomcast::net
