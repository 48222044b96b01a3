#include "app/serve.hpp"

#include "app/running_node.hpp"
#include "core/log.hpp"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <unistd.h>

namespace roomcast::app {
namespace {

/// Sent to ourselves when the node has stopped, so that one sigwait covers all.
constexpr int stopped_signal = SIGUSR1;

/// Blocks the signals that serve() waits for, in this thread and all that it starts.
sigset_t block_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int s : {SIGTERM, SIGINT, stopped_signal}) sigaddset(&set, s);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return set;
}

void announce(const running_node& node, const config::settings& settings) {
  const bool redis = settings.server.bus == config::bus_kind::redis;
  log::info(
      "serving", {{"port", node.port()},
                  {"bus", redis ? "redis" : "memory"},
                  {"open", "http://localhost:" + std::to_string(node.port()) + "/"}});
  if (!redis) log::info("standalone", {{"hint", "this node stands alone; set REDIS_URL to join others"}});
}

} // namespace

int serve(const config::configuration& loaded) {
  const auto signals = block_signals();
  auto opened = running_node::open(loaded);
  if (!opened) {
    std::fprintf(stderr, "roomcast: %s\n", opened.failure().c_str());
    return 2;
  }
  auto& node = **opened;
  log::configure(loaded.values.log.level, loaded.values.log.format, node.id());
  for (const auto& warning : loaded.warnings) log::warning("configuration", {{"text", warning}});

  std::atomic<bool> stopped{false};
  std::atomic<bool> clean{true};
  node.start([&](bool well) {
    clean = well;
    stopped = true;
    kill(getpid(), stopped_signal);
  });
  announce(node, loaded.values);
  while (!stopped) {
    int received = 0;
    sigwait(&signals, &received);
    if (received != stopped_signal) node.stop();
  }
  return clean ? 0 : 1;
}

} // namespace roomcast::app
