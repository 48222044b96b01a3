#pragma once

#include "net/backoff.hpp"
#include "net/function_ref.hpp"
#include "net/redis_connection.hpp"
#include "net/redis_endpoint.hpp"
#include "net/redis_sentinel.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace roomcast::net {

class io_thread;

/// What a link tells its user. Every call but enter() is made within enter(), except that on_link_down()
/// also comes from within redial().
class redis_link_handler {
public:
  virtual void enter(function_ref<void()> turn) = 0;
  virtual void on_link_up() = 0;
  virtual void on_link_reply(const resp_value& reply) = 0;
  /// The replies of one read have been handed over.
  virtual void on_link_read_end() = 0;
  /// An attempt failed or the link broke; the next attempt is under way. Whatever was unanswered is lost.
  virtual void on_link_down(std::string_view reason) = 0;

protected:
  ~redis_link_handler() = default;
};

/// A connection to Redis that comes back by itself: backoff with full jitter, reset by the first PONG of each
/// connection. I/O thread.
class redis_link final : private redis_connection_owner {
public:
  redis_link(io_thread& where, redis_endpoint endpoint, std::string client_name, redis_link_handler& handler);
  redis_link(const redis_link&) = delete;
  redis_link& operator=(const redis_link&) = delete;
  ~redis_link() { stop(); }

  /// Dials at once.
  void start();
  /// Closes the link for good; the handler is not called any more.
  void stop();
  /// Breaks the link, tells the handler why and dials again.
  void redial(std::string_view reason);

  bool is_up() const noexcept { return connection_ && connection_->is_up(); }
  /// How often it came up.
  uint64_t times_up() const noexcept { return times_up_; }

  /// Where commands are appended; only while up.
  std::string& output() noexcept { return connection_->output(); }
  size_t unsent_bytes() const noexcept { return is_up() ? connection_->unsent_bytes() : 0; }
  /// Sends what was appended, in one write.
  void flush() {
    if (is_up()) connection_->flush();
  }

  /// Stops and goes on reading, also over a reconnect (the handshake is read all the same).
  void pause_reading();
  void resume_reading();
  bool paused() const noexcept { return paused_; }

private:
  void enter(function_ref<void()> turn) override { handler_.enter(turn); }
  void on_up() override;
  void on_reply(const resp_value& reply) override { handler_.on_link_reply(reply); }
  void on_read_end() override { handler_.on_link_read_end(); }
  void on_down(std::string_view reason) override;
  void dial(std::chrono::milliseconds pause);

  io_thread& where_;
  const redis_endpoint endpoint_;
  const std::string client_name_;
  const std::shared_ptr<sentinel_order> sentinels_;
  redis_link_handler& handler_;
  backoff backoff_;
  std::shared_ptr<redis_connection> connection_;
  uint64_t times_up_ = 0;
  bool paused_ = false;
};

} // namespace roomcast::net
