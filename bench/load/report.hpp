#pragma once

#include "bench/load/load_run.hpp"

#include <string>

namespace roomcast::bench {

/// All figures of a finished run: one line of JSON if options::json, else one figure a line. README.md says
/// what they mean.
std::string report(const load_run& run);

} // namespace roomcast::bench
