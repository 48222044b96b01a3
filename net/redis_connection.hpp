#pragma once

#include "net/function_ref.hpp"
#include "net/input_buffer.hpp"
#include "net/redis_endpoint.hpp"
#include "net/redis_sentinel.hpp"
#include "net/redis_stream.hpp"
#include "net/resp.hpp"
#include "net/timer_wheel.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace roomcast::net {

class io_thread;

/// Who a connection works for. Every call but the first is made within enter().
class redis_connection_owner {
public:
  /// Wraps whatever the connection does because of the network or a timer.
  virtual void enter(function_ref<void()> turn) = 0;
  /// Connected, authenticated, the first PING answered.
  virtual void on_up() = 0;
  virtual void on_reply(const resp_value& reply) = 0;
  /// The replies of one read have been handed over.
  virtual void on_read_end() = 0;
  /// The connection is over and calls nothing more.
  virtual void on_down(std::string_view reason) = 0;

protected:
  ~redis_connection_owner() = default;
};

/// One connection to Redis, from a pause before dialling to its end: ask Sentinel where the master is, if the
/// endpoint says so; open a stream; shake hands; then replies in and commands out. It lives as long as one of
/// its operations is pending; after close() it calls nobody, so that its owner may go at any time. I/O
/// thread.
class redis_connection final : public std::enable_shared_from_this<redis_connection>,
                               private timer_wheel::timer {
public:
  /// `sentinels` are those of the endpoint; for the next connection they remember who answered.
  redis_connection(
      io_thread& where, const redis_endpoint& endpoint, const std::string& client_name,
      std::shared_ptr<sentinel_order> sentinels, redis_connection_owner& owner);

  /// Dials after `pause`. Call once.
  void start(std::chrono::milliseconds pause);
  /// Ends it, silently.
  void close();

  bool is_up() const noexcept { return step_ == step::up; }
  /// Where commands are appended, only while up; they leave with flush().
  std::string& output() noexcept { return output_; }
  /// Bytes that the kernel has not taken yet.
  size_t unsent_bytes() const noexcept { return output_.size() + sending_.size() - sent_; }
  /// Writes what was gathered. While a write is under way the rest follows it, in one piece.
  void flush();

  /// Stops handing replies over, at once, and reading; goes on.
  void pause_reading() noexcept { paused_ = true; }
  void resume_reading();

private:
  enum class step : uint8_t { waiting, searching, opening, handshake, up, closed };
  enum class handshake_reply : uint8_t { auth, name, select, role, ping };
  using executor = boost::asio::io_context::executor_type;
  using steady_timer = boost::asio::basic_waitable_timer<
      std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, executor>;
  using error_code = boost::system::error_code;

  void on_timer() override;
  void dial();
  void search();
  void open(const redis_address& at);
  void shake_hands();
  void say(handshake_reply awaited, std::initializer_list<std::string_view> words);
  void on_handshake_reply(const resp_value& reply);

  void read();
  void on_read(error_code failed, size_t bytes);
  void hand_over_replies();
  void write();
  void on_written(error_code failed, size_t bytes);

  void fail(std::string_view reason);
  void fail_in_turn(std::string_view reason);

  io_thread& where_;
  redis_connection_owner* owner_;
  redis_endpoint endpoint_;
  std::string client_name_;
  step step_ = step::waiting;

  steady_timer pause_;
  const std::shared_ptr<sentinel_order> sentinels_;
  std::shared_ptr<sentinel_search> search_;
  std::string master_; // where Sentinel says it is; empty: not known, or not asked
  std::shared_ptr<redis_stream> stream_;
  std::vector<handshake_reply> awaited_; // in order
  size_t handshaken_ = 0;

  input_buffer input_;
  resp_parser parser_;
  bool reading_ = false;
  bool paused_ = false;

  std::string output_;  // gathered
  std::string sending_; // with the kernel; swaps with output_
  size_t sent_ = 0;
};

} // namespace roomcast::net
