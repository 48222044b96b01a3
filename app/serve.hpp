#pragma once

#include "config/loader.hpp"

namespace roomcast::app {

/// Runs a node until SIGTERM or SIGINT has drained it; a second signal ends it at once. Returns the exit
/// code: 0 after a clean stop, 1 when the node failed, 2 when it could not start. Main thread, before any
/// other thread exists.
int serve(const config::configuration& loaded);

} // namespace roomcast::app
