#pragma once

#include "app/stats_tables.hpp"
#include "config/loader.hpp"
#include "core/error.hpp"

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

namespace roomcast::app {

/// `roomcast stats ...`, understood.
struct stats_command {
  stats_view view = stats_view::node;
  std::string node; ///< `http://host:port`, without a slash at the end
  std::string token;
  bool watch = false;
  bool json = false;
  table_options tables;
};

/// The error is one line (exit code 2). Pure.
result<stats_command, std::string>
parse_stats(const std::vector<std::string>& args, const config::environment& env);

struct stats_answer {
  unsigned status = 0;
  std::string body;
};

/// The outside world of the stats client.
struct stats_terminal {
  std::ostream& out;
  std::ostream& err;
  bool clears = false; ///< `out` is a terminal: each picture replaces the last
  /// GET `url` (`token`: "" for none); the failure is a line that says which node cannot be reached and why.
  std::function<result<stats_answer, std::string>(const std::string& url, const std::string& token)> fetch;
  std::function<bool()> pause; ///< waits between two pictures; false: enough
};

/// Asks, prints, and with --watch goes on until pause() or `out` says otherwise. Answers the exit code: 0; 1
/// for a node that cannot be asked (with --watch only if it refuses, not while it is away); 2 for wrong
/// arguments.
int run_stats(const std::vector<std::string>& args, const config::environment& env, stats_terminal& terminal);

/// The same on standard output over net's HTTP client; Ctrl-C ends it with 0. Blocks; main thread.
int run_stats(const std::vector<std::string>& args);

} // namespace roomcast::app
