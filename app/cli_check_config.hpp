#pragma once

#include "config/loader.hpp"

#include <iosfwd>

namespace roomcast::app {

/// `roomcast check-config [FILE] [flags]`: the configuration in force and `ok` on `out`, warnings on `err`;
/// or the error line on `err`. Answers the exit code, 0 or 2. A FILE is read in place of the request's
/// default file.
int run_check_config(config::load_request request, std::ostream& out, std::ostream& err);

} // namespace roomcast::app
