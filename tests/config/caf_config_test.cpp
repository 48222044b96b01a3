#define CAF_SUITE caf_config
#include "config/caf_config.hpp"

#include <caf/actor_system.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>
#include <caf/test/dsl.hpp>

using namespace roomcast::config;

CAF_TEST(the actor system gets the scheduler that was configured) {
  scheduler_settings wanted;
  wanted.max_threads = 3;
  wanted.max_throughput = 17;
  caf_config config{wanted};
  caf::actor_system system{config};
  CAF_CHECK_EQUAL(system.scheduler().num_workers(), 3u);
  CAF_CHECK_EQUAL(system.scheduler().max_throughput(), 17u);
  CAF_CHECK(caf::get_or(config, "scheduler.policy", caf::atom("none")) == caf::atom("sharing"));
}
