#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

namespace boost::asio {
class io_context;
}

namespace roomcast::net {

class timer_wheel;

/// One io_context with what its sockets share: one read buffer and one timer wheel. Everything that lives on
/// it is touched by its thread alone.
class io_thread {
public:
  /// `index` counts from 0 and is used in the thread's name.
  explicit io_thread(unsigned index);
  io_thread(const io_thread&) = delete;
  io_thread& operator=(const io_thread&) = delete;
  /// Stops and joins.
  ~io_thread();

  /// Starts the thread. Without start() the owner polls by hand (tests).
  void start();
  /// Ends the thread after the handler that runs now, and joins it. Any thread but this one.
  void stop();
  /// Runs what is ready, without waiting; returns how many handlers ran. Only for an io_thread that was not
  /// started; its wheel stands at 0 until the owner calls timers().advance(ms).
  size_t poll();

  /// Runs `task` on the thread, later, in order of posting. Any thread.
  void post(std::function<void()> task);
  /// Whether the caller runs on this thread; while it does not run, on the one that built, polled or stopped
  /// it last.
  bool is_current() const noexcept;

  unsigned index() const noexcept;
  /// Its time is milliseconds since start(), read once per tick. This thread only.
  timer_wheel& timers() noexcept;
  /// limits::read_buffer_bytes, valid within one handler. This thread only.
  std::span<char> read_buffer() noexcept;
  boost::asio::io_context& context() noexcept;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace roomcast::net
