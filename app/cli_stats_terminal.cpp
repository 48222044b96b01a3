#include "app/cli_stats.hpp"

#include "core/limits.hpp"
#include "net/http_client.hpp"

#include <chrono>
#include <csignal>
#include <iostream>

#include <time.h>
#include <unistd.h>

namespace roomcast::app {

namespace {

using namespace std::chrono_literals;

constexpr auto answer_time =
    limits::stats_deadline + 2s; // the node gathers for stats_deadline; then the network

// Nothing is left behind: each picture is flushed, and the terminal was never put into another mode.
extern "C" void leave_at_once(int) { _exit(0); }

bool wait_a_second() {
  timespec second{1, 0};
  nanosleep(&second, nullptr);
  return true;
}

} // namespace

int run_stats(const std::vector<std::string>& args) {
  std::signal(SIGINT, leave_at_once);
  auto fetch = [](const std::string& url, const std::string& token) {
    auto response = net::http_get(url, answer_time, token);
    using outcome = result<stats_answer, std::string>;
    if (!response) return outcome{response.failure()};
    return outcome{stats_answer{response->status, std::move(response->body)}};
  };
  stats_terminal terminal{std::cout, std::cerr, isatty(STDOUT_FILENO) == 1, fetch, wait_a_second};
  return run_stats(args, config::process_environment(), terminal);
}

} // namespace roomcast::app
