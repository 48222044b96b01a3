#include "actors/actor_host.hpp"

namespace roomcast::actors {

void actor_host::enter(connection& arrived) {
  connections_.push_back(&arrived);
  traffic_.connections.store(connections_.size(), std::memory_order_relaxed);
}

connection* actor_host::leave(size_t place) noexcept {
  auto* moved = connections_.back();
  connections_.pop_back();
  traffic_.connections.store(connections_.size(), std::memory_order_relaxed);
  if (place == connections_.size()) return nullptr;
  connections_[place] = moved;
  return moved;
}

} // namespace roomcast::actors
