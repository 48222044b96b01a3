// wsload: puts load on a room-based WebSocket server and accounts for every single delivery.

#include "bench/load/load_run.hpp"
#include "bench/load/options.hpp"
#include "bench/load/report.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <string>
#include <sys/resource.h>

using namespace roomcast::bench;

namespace {

/// Raises the soft limit, and the hard one where that is allowed.
void allow_open_files(rlim_t count) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= count) return;
  limit.rlim_cur = count;
  limit.rlim_max = std::max(limit.rlim_max, count);
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
    die("cannot raise the open-file limit to " + std::to_string(count));
}

} // namespace

int main(int argc, char** argv) {
  const auto given = parse_options(argc, argv);
  std::signal(SIGPIPE, SIG_IGN);
  constexpr rlim_t reserve = 256;
  allow_open_files(given.connections + reserve);
  load_run run{given};
  run.execute();
  std::fputs(report(run).c_str(), stdout);
  return 0;
}
