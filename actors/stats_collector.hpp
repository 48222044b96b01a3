#pragma once

#include "actors/interfaces.hpp"

#include <caf/actor_system.hpp>

namespace roomcast::actors {

/// What a collector waits for, and what it makes of it.
struct collection {
  stats_view view;
  size_t groups;           ///< how many `expected_answers` will come
  wire::node_figures node; ///< for the node view
  std::function<void(std::string)> answer;
  node_actor watcher; ///< of the cluster view: gets what was seen if nothing is missing; may be null
};

/// Spawns the actor that gathers one stats document: it answers when everybody has answered or at
/// limits::stats_deadline, and says how many have not. Runs on CAF's scheduler, ends by itself.
collector_actor spawn_collector(caf::actor_system& system, collection wanted);

} // namespace roomcast::actors
