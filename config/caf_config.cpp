#include "config/caf_config.hpp"

#include <caf/atom.hpp>

namespace roomcast::config {

caf_config::caf_config(const scheduler_settings& scheduler) {
  set("scheduler.policy", caf::atom_from_string(scheduler.policy));
  set("scheduler.max-threads", scheduler.max_threads);
  set("scheduler.max-throughput", scheduler.max_throughput);
}

} // namespace roomcast::config
