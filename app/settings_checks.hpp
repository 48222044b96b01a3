#pragma once

#include "config/loader.hpp"

#include <string>
#include <vector>

namespace roomcast::app {

/// net's parser of Redis URLs as config wants it; the answer never repeats a password.
config::url_check redis_url_check();

/// The configuration of this process, as serve and check-config use it: `args` after the subcommand, the
/// process environment, caf-application.conf in the working directory.
result<config::configuration, std::string> load_settings(std::vector<std::string> args);

} // namespace roomcast::app
