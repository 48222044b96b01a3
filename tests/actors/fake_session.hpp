#pragma once

#include "net/session.hpp"
#include "tests/actors/support.hpp"

#include <deque>
#include <optional>

namespace roomcast::actors {

/// The far end of a session without a network. Keeps to the session's contract: nothing is read while reading
/// is paused, and its end is told in a turn of its own.
class far_end : public std::enable_shared_from_this<far_end> {
public:
  explicit far_end(net::io_thread& where) : where_(where) {}

  /// The client sends a message; the connection gets it as soon as it reads.
  void says(std::string text) {
    inbox_.push_back(std::move(text));
    read();
  }
  /// The client sends several in one go.
  void says_at_once(std::initializer_list<std::string> list) {
    inbox_.insert(inbox_.end(), list);
    read();
  }
  /// The client goes: the session is over.
  void goes(close_code why = close_code::normal) {
    if (auto* h = std::exchange(handler_, nullptr)) h->enter([&] { h->on_closed(why); });
  }

  lines heard() { return take(heard_); }
  bool is_paused() const { return paused_; }
  bool is_aborted() const { return aborted_; }
  bool is_destroyed() const { return destroyed_; }
  /// Of the events queued so far that may be dropped.
  const std::vector<net::frame_tag>& tags() const { return tags_; }
  size_t unread() const { return inbox_.size(); }
  std::optional<close_code> closed_with() const { return code_; }
  const std::string& close_reason() const { return reason_; }
  net::session_handler* handler() const { return handler_; }
  /// A client that takes nothing until it reads again.
  void stops_reading() { reads_ = false; }
  void reads_again() {
    reads_ = true;
    flush();
  }
  /// A client that does not answer our close frame.
  void ignores_close() { answers_close_ = false; }

private:
  friend class fake_session;

  void read() {
    if (!handler_) return;
    handler_->enter([this] {
      while (handler_ && !paused_ && !code_ && !inbox_.empty()) {
        const auto text = std::move(inbox_.front());
        inbox_.pop_front();
        ++counters_.messages_in;
        handler_->on_message(text);
      }
      flush();
    });
  }

  void flush() {
    if (!reads_) return;
    for (auto& text : texts_of(queued_)) heard_.push_back(std::move(text));
    queued_.clear();
  }

  void later(void (far_end::*what)()) {
    where_.post([self = shared_from_this(), what] { (self.get()->*what)(); });
  }
  void end() { goes(*code_); }

  net::io_thread& where_;
  net::session_handler* handler_ = nullptr;
  std::deque<std::string> inbox_;
  lines heard_;
  std::string queued_;
  std::vector<net::frame_tag> tags_;
  bool reads_ = true;
  bool paused_ = false;
  bool aborted_ = false;
  bool destroyed_ = false;
  bool answers_close_ = true;
  std::optional<close_code> code_;
  std::string reason_;
  net::session_counters counters_;
};

class fake_session final : public net::session {
public:
  explicit fake_session(std::shared_ptr<far_end> far) : far_(std::move(far)) {}
  ~fake_session() override { far_->destroyed_ = true; }

  void start(net::session_handler& handler) override {
    far_->handler_ = &handler;
    far_->read(); // as a session does with what came behind the handshake
  }
  void queue(const shared_bytes& frames) override { far_->queued_ += frames.view(); }
  void queue(const shared_bytes& frames, const net::frame_tag& tag) override {
    far_->tags_.push_back(tag);
    queue(frames);
  }
  void queue_text(std::string_view text) override {
    net::append_frame(far_->queued_, net::opcode::text, text);
  }
  void flush() override { far_->flush(); }
  void close(close_code code, std::string_view reason) override {
    if (!far_->handler_ || far_->code_) return; // it was not started, or it is over
    far_->flush();
    far_->code_ = code;
    far_->reason_ = reason;
    if (far_->answers_close_) far_->later(&far_end::end);
  }
  void abort() override {
    far_->handler_ = nullptr;
    far_->aborted_ = true;
  }
  void pause_reading() override { far_->paused_ = true; }
  void resume_reading() override {
    far_->paused_ = false;
    far_->later(&far_end::read);
  }
  size_t queued_bytes() const noexcept override { return far_->queued_.size(); }
  const net::session_counters& counters() const noexcept override { return far_->counters_; }
  std::string remote_address() const override { return "203.0.113.7:50312"; }

private:
  std::shared_ptr<far_end> far_;
};

/// A connected client: its end of the session, and the actor.
struct client {
  std::shared_ptr<far_end> far;
  connection_actor handle;

  far_end* operator->() const { return far.get(); }
};

inline client
connect(actor_fixture& where, const connection_services& services, uint64_t id, size_t host = 0) {
  auto far = std::make_shared<far_end>(where.host(host).thread());
  connection_actor handle = where.sys.spawn<connection>(
      std::ref(where.host(host)), std::cref(services), std::make_unique<fake_session>(far), connection_id{id},
      std::cref(wire::rooms_dialect()));
  where.settle();
  return {std::move(far), std::move(handle)};
}

} // namespace roomcast::actors
