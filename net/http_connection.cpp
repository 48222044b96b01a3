#include "net/http_connection.hpp"

#include "core/limits.hpp"
#include "net/http_render.hpp"
#include "net/io_thread.hpp"
#include "net/socket_io.hpp"

#include <atomic>
#include <utility>

namespace roomcast::net {

namespace {

using boost::asio::ip::tcp;

/// What a responder holds: the way back to the connection. The last copy that goes without an answer says
/// 500.
class pending_answer {
public:
  pending_answer(std::weak_ptr<http_shard> shard, std::weak_ptr<http_connection> to) :
      shard_(std::move(shard)), to_(std::move(to)) {}
  pending_answer(const pending_answer&) = delete;
  ~pending_answer() { give(text_response(500, "the request was left without an answer")); }

  void give(http_response response) {
    if (given_.exchange(true)) return;
    auto shard = shard_.lock();
    if (!shard) return;
    shard->post([to = to_, response = std::move(response)] {
      if (auto connection = to.lock()) connection->answer(response);
    });
  }

private:
  std::weak_ptr<http_shard> shard_;
  std::weak_ptr<http_connection> to_;
  std::atomic<bool> given_{false};
};

/// Assignment would keep the memory.
void forget(std::string& text) noexcept { std::string{}.swap(text); }

std::string_view sentence_for(unsigned status) noexcept {
  switch (status) {
  case 408: return "the request took too long";
  case 413: return "the request body is too large";
  case 431: return "the request header is too large";
  default: return "this is not HTTP/1.1";
  }
}

} // namespace

http_connection::http_connection(http_shard& shard, const tcp::endpoint& peer, admission admitted) :
    shard_(shard), socket_(shard.where().context().get_executor()), peer_(peer), admitted_(admitted) {}

http_connection::~http_connection() {
  if (!handed_over_) shard_.state().closed(peer_.address());
}

void http_connection::start(place_in_list place, unique_fd socket) {
  place_ = place;
  boost::system::error_code failed;
  socket_.assign(peer_.protocol(), socket.get(), failed);
  if (failed) { // the kernel has no room for one more in epoll
    shard_.counters().accept_errors.fetch_add(1, std::memory_order_relaxed);
    return close();
  }
  (void)socket.release();
  auto patience = shard_.draining() ? limits::http_linger : limits::handshake_timeout;
  shard_.where().timers().set(*this, patience);
  wait_readable();
}

void http_connection::drain() {
  if (phase_ != phase::reading || reader_.started()) return;
  if (!first_request_) return close();
  // Its client has just connected, and is about to ask: it gets an answer rather than a reset.
  shard_.where().timers().set(*this, limits::http_linger);
}

void http_connection::close() {
  if (phase_ == phase::closed) return;
  phase_ = phase::closed;
  cancel();
  boost::system::error_code ignored;
  socket_.close(ignored);
  shard_.remove(*this);
}

void http_connection::on_timer() {
  auto self = shared_from_this();
  if (phase_ != phase::reading) return close();
  if (reader_.started()) return fail(408);
  if (first_request_ && !shard_.draining())
    shard_.counters().bad_handshakes.fetch_add(1, std::memory_order_relaxed);
  close();
}

// -- reading -------------------------------------------------------------------

void http_connection::wait_readable() {
  socket_.async_wait(tcp_socket::wait_read, [weak = weak_from_this()](boost::system::error_code failed) {
    auto self = weak.lock();
    if (!self || self->phase_ == phase::closed) return;
    if (failed)
      self->close();
    else
      self->on_readable();
  });
}

void http_connection::on_readable() {
  // A response is on its way because of a timeout: reading goes on behind it.
  if (phase_ != phase::reading && phase_ != phase::lingering) return;
  auto buffer = shard_.where().read_buffer();
  auto [status, n] = receive(socket_.native_handle(), buffer);
  if (status == io_status::ok) return on_bytes({buffer.data(), n});
  if (status == io_status::wait) return wait_readable();
  close();
}

void http_connection::on_bytes(std::string_view fresh) {
  if (phase_ == phase::lingering) {
    lingered_bytes_ += fresh.size();
    return lingered_bytes_ > limits::max_linger_bytes ? close() : wait_readable();
  }
  if (kept_.empty()) return consume(fresh);
  kept_.erase(0, std::exchange(kept_begin_, 0));
  kept_.append(fresh);
  consume(kept_);
}

/// The next request: pipelined bytes first.
void http_connection::read_on() {
  phase_ = phase::reading;
  set_read_deadline(false);
  if (kept_.empty())
    wait_readable();
  else
    consume(std::string_view{kept_}.substr(kept_begin_));
}

void http_connection::consume(std::string_view bytes) {
  bool had_begun = reader_.started();
  auto step = reader_.feed(bytes);
  keep(bytes.substr(step.consumed));
  if (step.what == http_reader::status::complete) return on_request();
  if (step.what == http_reader::status::failed) return fail(step.error);
  if (!had_begun && reader_.started()) set_read_deadline(true);
  if (step.wants_continue) say_continue();
  wait_readable();
}

/// Lost on a full socket buffer: then the client sends its body a little later, unasked.
void http_connection::say_continue() {
  std::string text = "HTTP/1.1 100 Continue\r\n\r\n";
  iovec part{text.data(), text.size()};
  net::send(socket_.native_handle(), {&part, 1});
}

/// `rest` is the end of kept_ or of the thread's read buffer.
void http_connection::keep(std::string_view rest) {
  if (rest.empty()) {
    forget(kept_);
    kept_begin_ = 0;
  } else if (kept_.empty()) {
    kept_.assign(rest);
  } else {
    kept_begin_ = kept_.size() - rest.size();
  }
}

/// The first request has handshake_timeout from the accept on, a later one from its first byte on.
void http_connection::set_read_deadline(bool request_began) {
  if (first_request_) return;
  auto& wheel = shard_.where().timers();
  wheel.set(*this, request_began ? limits::handshake_timeout : limits::http_idle_timeout);
}

// -- one request ---------------------------------------------------------------

void http_connection::on_request() {
  cancel();
  first_request_ = false;
  head_only_ = reader_.is_head();
  keep_alive_ = reader_.keep_alive();
  auto verdict = reader_.judge(peer_);
  reader_.next();
  switch (verdict.kind) {
  case request_kind::plain: return serve(std::move(verdict.request));
  case request_kind::upgrade: return upgrade(std::move(verdict));
  case request_kind::refused:
    shard_.counters().bad_handshakes.fetch_add(1, std::memory_order_relaxed);
    return respond(verdict.refusal, false);
  }
}

void http_connection::serve(http_request request) {
  phase_ = phase::answering;
  auto answer = std::make_shared<pending_answer>(shard_.weak_from_this(), weak_from_this());
  http_responder responder = [answer = std::move(answer)](http_response response) {
    answer->give(std::move(response));
  };
  bool called = shard_.call([&](server_handler& handler) {
    handler.on_request(shard_.where(), std::move(request), std::move(responder));
  });
  if (!called) close();
}

void http_connection::answer(const http_response& response) {
  if (phase_ == phase::answering)
    respond(response, keep_alive_ && !shard_.draining() && admitted_ == admission::regular);
}

/// Before the handler is asked. Plain requests pass: a node in a connect storm is alive, and whoever asks
/// /healthz has to hear so.
bool http_connection::refuse_overload() {
  auto& state = shard_.state();
  auto& counters = state.counters;
  if (admitted_ == admission::over_node)
    refuse(counters.refused, "this node has all the connections it may have, try again");
  else if (admitted_ == admission::over_address)
    refuse(counters.refused_by_address, "this address has all the connections it may have, try again");
  else if (!state.may_upgrade(shard_.where().timers().now_ms()))
    refuse(counters.refused_by_rate, "too many clients connect at once, try again");
  else if (state.over_memory())
    refuse(counters.refused_by_memory, "this node holds too much for slow clients, try again");
  else
    return false;
  return true;
}

void http_connection::refuse(std::atomic<uint64_t>& counter, std::string_view sentence) {
  counter.fetch_add(1, std::memory_order_relaxed);
  respond(busy_response(sentence), false);
}

void http_connection::upgrade(edge_verdict verdict) {
  if (refuse_overload()) return;
  result<upgrade_accept, http_response> decision{upgrade_accept{}};
  bool called = shard_.call([&](server_handler& handler) { decision = handler.on_upgrade(verdict.request); });
  if (!called) return close();
  if (!decision) return respond(decision.failure(), false);
  handshake_ = std::make_unique<http_request>(std::move(verdict.request));
  send(render_upgrade(verdict.accept_key, decision->subprotocol), afterwards::open_session);
}

void http_connection::open_session() {
  auto self = shared_from_this(); // leaves the shard before the handler sees the session
  cancel();
  phase_ = phase::closed;
  shard_.remove(*this);
  handed_over_ = true;
  auto behind = std::string_view{kept_}.substr(kept_begin_);
  auto opened = make_ws_session(shard_.where(), std::move(socket_), peer_, behind, shard_.state());
  shard_.call(
      [&](server_handler& handler) { handler.on_open(shard_.where(), std::move(opened), *handshake_); });
}

void http_connection::fail(unsigned status) {
  shard_.counters().bad_handshakes.fetch_add(1, std::memory_order_relaxed);
  respond(text_response(status, sentence_for(status)), false);
}

void http_connection::respond(const http_response& response, bool keep_alive) {
  send(
      render_response(response, keep_alive, head_only_),
      keep_alive ? afterwards::read_on : afterwards::linger);
}

// -- writing -------------------------------------------------------------------

void http_connection::send(std::string text, afterwards then) {
  phase_ = phase::writing;
  afterwards_ = then;
  out_ = std::move(text);
  out_begin_ = 0;
  continue_writing();
}

void http_connection::continue_writing() {
  while (out_begin_ < out_.size()) {
    iovec part{out_.data() + out_begin_, out_.size() - out_begin_};
    auto [status, n] = net::send(socket_.native_handle(), {&part, 1});
    if (status == io_status::wait) return wait_writable();
    if (status == io_status::gone) return close();
    out_begin_ += n;
  }
  forget(out_);
  on_written();
}

void http_connection::wait_writable() {
  // A peer that takes nothing for so long is gone.
  shard_.where().timers().set(*this, limits::http_idle_timeout);
  socket_.async_wait(tcp_socket::wait_write, [weak = weak_from_this()](boost::system::error_code failed) {
    auto self = weak.lock();
    if (!self || self->phase_ != phase::writing) return;
    if (failed)
      self->close();
    else
      self->continue_writing();
  });
}

void http_connection::on_written() {
  switch (afterwards_) {
  case afterwards::read_on: return read_on();
  case afterwards::linger: return linger();
  case afterwards::open_session: return open_session();
  }
}

/// Closing with unread bytes sends a reset, which may overtake the answer: say that no more comes, and wait
/// for the peer to close.
void http_connection::linger() {
  phase_ = phase::lingering;
  forget(kept_);
  kept_begin_ = 0;
  boost::system::error_code ignored;
  socket_.shutdown(tcp_socket::shutdown_send, ignored);
  shard_.where().timers().set(*this, limits::http_linger);
  wait_readable();
}

} // namespace roomcast::net
