#pragma once

#include "config/loader.hpp"

#include <caf/actor_system_config.hpp>

namespace roomcast::config {

/// What caf::actor_system wants to be constructed from. CAF's own parsing of files and flags is not used
/// (load() does it); message types may be added before the system is made.
class caf_config : public caf::actor_system_config {
public:
  explicit caf_config(const scheduler_settings& scheduler);
};

} // namespace roomcast::config
