#pragma once

#include "config/settings.hpp"
#include "core/error.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace roomcast::config {

/// CAF's own keys that users may set.
struct scheduler_settings {
  std::string policy = "sharing"; ///< or `stealing`; sharing idles at a twelfth of the CPU of stealing
  size_t max_threads = 2;         ///< 1 - 256
  size_t max_throughput = 300;    ///< messages an actor handles before the next has its turn; 1 - 1,000,000
};

enum class source_kind : uint8_t { defaults, file, environment, flag };

/// Where a value came from.
struct source {
  source_kind kind = source_kind::defaults;
  std::string detail; ///< `caf-application.conf:3`, `PORT`; empty for flags and defaults
};

/// What load() returns: the values, and what a person may want to know about them.
struct configuration {
  settings values;
  scheduler_settings scheduler;
  std::map<std::string, source, std::less<>> sources; ///< by key (`server.port`); a key not here: default
  std::vector<std::string> warnings;                  ///< one line each, to be logged once; no secrets
};

using environment = std::map<std::string, std::string>;

/// What a Redis URL means; the parser lives in net.
struct checked_url {
  std::string server; ///< `host:port/db`: what two URLs of one server have in common
  std::string wrong;  ///< empty: nothing; else what is wrong, without repeating the URL
};
using url_check = std::function<checked_url(std::string_view url)>;

struct load_request {
  std::vector<std::string> args; ///< after the subcommand: `--key=value`, `--key value`, `--config-file=F`
  environment env;
  url_check check_url;
  std::string default_file = "caf-application.conf"; ///< read if it exists and no --config-file is given
};

/// Flag > environment > file > default, checked as a whole. An error is one line: where, which key, which
/// value, what is allowed; secrets are masked. Never throws; any thread.
///
/// Environment: `ROOMCAST_<GROUP>_<KEY>` for every key, before them `PORT` and `REDIS_URL` (which also
/// selects the redis bus, unless ROOMCAST_SERVER_BUS or a flag says otherwise). Empty counts as unset; a
/// `ROOMCAST_*` variable that names no key is a warning.
result<configuration, std::string> load(const load_request& request) noexcept;

/// The environment of this process. Not while another thread changes it.
environment process_environment();

/// The configuration in the file syntax, with the source of each value as comment; secrets are `***`.
std::string effective(const configuration& loaded);

/// One line per flag: name, what it says, default.
std::string flags_help();

} // namespace roomcast::config
