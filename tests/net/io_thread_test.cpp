#define CAF_SUITE io_thread
#include "net/io_thread.hpp"

#include "core/limits.hpp"
#include "net/timer_wheel.hpp"

#include <caf/test/dsl.hpp>

#include <pthread.h>
#include <signal.h>

#include <array>
#include <future>
#include <string>
#include <vector>

using namespace roomcast;
using namespace roomcast::net;
using namespace std::chrono_literals;

namespace {

struct signal_timer final : timer_wheel::timer {
  void on_timer() override { ran.set_value(); }
  std::promise<void> ran;
};

} // namespace

CAF_TEST(tasks run in the order of posting) {
  io_thread io{0};
  io.start();
  std::vector<int> seen;
  std::promise<void> done;
  for (int i = 0; i < 100; ++i) io.post([&seen, i] { seen.push_back(i); });
  io.post([&done] { done.set_value(); });
  done.get_future().wait();
  CAF_REQUIRE_EQUAL(seen.size(), 100u);
  for (int i = 0; i < 100; ++i) CAF_CHECK_EQUAL(seen[static_cast<size_t>(i)], i);
}

CAF_TEST(a task posted from a task runs after it) {
  io_thread io{0};
  std::string order;
  io.post([&] {
    io.post([&] { order += 'b'; });
    order += 'a';
  });
  while (io.poll() > 0) {}
  CAF_CHECK_EQUAL(order, "ab");
}

CAF_TEST(the thread knows itself and has a name and takes no signals) {
  io_thread io{7};
  CAF_CHECK(io.is_current());
  io.start();
  std::promise<void> done;
  bool current = false;
  bool blocked = false;
  std::array<char, 16> name{};
  io.post([&] {
    current = io.is_current();
    pthread_getname_np(pthread_self(), name.data(), name.size());
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    blocked = sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGINT) == 1;
    done.set_value();
  });
  done.get_future().wait();
  CAF_CHECK(current);
  CAF_CHECK(blocked);
  CAF_CHECK_EQUAL(std::string{name.data()}, "rc-io-7");
  CAF_CHECK(!io.is_current());
  io.stop();
  CAF_CHECK(io.is_current());
}

CAF_TEST(a started thread drives its timers) {
  io_thread io{0};
  signal_timer t;
  io.timers().set(t, 1ms);
  io.start();
  t.ran.get_future().wait();
  io.stop();
  CAF_CHECK(io.timers().now_ms() >= 1);
}

CAF_TEST(polled by hand the owner drives the timers) {
  io_thread io{0};
  signal_timer t;
  auto ran = t.ran.get_future();
  io.timers().set(t, 10s);
  CAF_CHECK_EQUAL(io.poll(), 0u);
  CAF_CHECK_EQUAL(io.timers().now_ms(), 0u);
  io.timers().advance(9'000);
  CAF_CHECK(t.pending());
  io.timers().advance(10'250);
  CAF_CHECK(ran.wait_for(0s) == std::future_status::ready);
}

CAF_TEST(what was posted and never ran is destroyed with the thread) {
  auto alive = std::make_shared<int>(0);
  {
    io_thread io{0};
    io.post([alive] {});
    CAF_CHECK_EQUAL(alive.use_count(), 2);
  }
  CAF_CHECK_EQUAL(alive.use_count(), 1);
}

CAF_TEST(stopping twice and stopping without start are harmless) {
  io_thread never{0};
  never.stop();
  io_thread twice{1};
  twice.start();
  twice.stop();
  twice.stop();
}

CAF_TEST(the read buffer has its stated size) {
  io_thread io{0};
  CAF_CHECK_EQUAL(io.read_buffer().size(), limits::read_buffer_bytes);
}
