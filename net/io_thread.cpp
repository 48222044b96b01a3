#include "net/io_thread.hpp"

#include "core/limits.hpp"
#include "net/timer_wheel.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace roomcast::net {

namespace {

using executor = boost::asio::io_context::executor_type;
using steady_timer = boost::asio::basic_waitable_timer<
    std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, executor>;

/// Signals are the main thread's business: a thread started within this scope takes none.
class all_signals_blocked {
public:
  all_signals_blocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  all_signals_blocked(const all_signals_blocked&) = delete;
  ~all_signals_blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
  sigset_t before_;
};

} // namespace

struct io_thread::impl {
  explicit impl(unsigned index_in) : index(index_in) {}

  void run() {
    running_on.store(std::this_thread::get_id(), std::memory_order_relaxed);
    pthread_setname_np(pthread_self(), ("rc-io-" + std::to_string(index)).c_str());
    context.run();
  }

  /// The wheel's time stands still until here, so that timers set before count from here.
  void start_ticking() {
    offset_ms = wheel.now_ms();
    started_at = std::chrono::steady_clock::now();
    ticker.expires_at(started_at);
    wait_for_tick();
  }

  void wait_for_tick() {
    ticker.expires_at(ticker.expiry() + timer_wheel::tick);
    ticker.async_wait([this](boost::system::error_code failed) {
      if (failed) return;
      auto since = std::chrono::steady_clock::now() - started_at;
      auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
      wheel.advance(offset_ms + static_cast<uint64_t>(ms));
      wait_for_tick();
    });
  }

  const unsigned index;
  std::vector<char> buffer = std::vector<char>(limits::read_buffer_bytes);
  // Before the context: handlers destroyed with the context may still cancel their timers.
  timer_wheel wheel;
  // One thread runs it: what the thread posts to itself takes neither a lock nor a wake-up.
  boost::asio::io_context context{1};
  boost::asio::executor_work_guard<executor> work{context.get_executor()};
  steady_timer ticker{context.get_executor()};
  uint64_t offset_ms = 0;
  std::chrono::steady_clock::time_point started_at;
  std::atomic<std::thread::id> running_on{std::this_thread::get_id()};
  std::thread thread;
};

io_thread::io_thread(unsigned index) : impl_(std::make_unique<impl>(index)) {}

io_thread::~io_thread() { stop(); }

void io_thread::start() {
  if (impl_->thread.joinable()) return;
  impl_->start_ticking();
  all_signals_blocked guard;
  impl_->thread = std::thread([this] { impl_->run(); });
}

void io_thread::stop() {
  impl_->context.stop();
  if (!impl_->thread.joinable()) return;
  impl_->thread.join();
  impl_->running_on.store(std::this_thread::get_id(), std::memory_order_relaxed);
}

size_t io_thread::poll() {
  impl_->running_on.store(std::this_thread::get_id(), std::memory_order_relaxed);
  return impl_->context.poll();
}

void io_thread::post(std::function<void()> task) { boost::asio::post(impl_->context, std::move(task)); }

bool io_thread::is_current() const noexcept {
  return impl_->running_on.load(std::memory_order_relaxed) == std::this_thread::get_id();
}

unsigned io_thread::index() const noexcept { return impl_->index; }

timer_wheel& io_thread::timers() noexcept { return impl_->wheel; }

std::span<char> io_thread::read_buffer() noexcept { return impl_->buffer; }

boost::asio::io_context& io_thread::context() noexcept { return impl_->context; }

} // namespace roomcast::net
