#include "actors/lease_watch.hpp"

#include "core/limits.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace roomcast::actors {

lease_watch::verdict lease_watch::answered(time now, bool was_new, std::vector<std::string> silent) {
  if (!since_ || now - last_ > limits::heartbeat_late) since_ = now;
  last_ = now;
  verdict out;
  out.forgotten = std::exchange(listed_, true) && was_new;
  const auto before = std::exchange(silent_, std::move(silent));
  if (!steady(now)) return out;
  const auto is_dead = [&](const std::string& node) {
    return std::find(before.begin(), before.end(), node) != before.end();
  };
  std::copy_if(silent_.begin(), silent_.end(), std::back_inserter(out.dead), is_dead);
  return out;
}

void lease_watch::failed() noexcept {
  since_.reset();
  silent_.clear();
}

bool lease_watch::steady(time now) const noexcept {
  return since_ && now - *since_ >= limits::heartbeat_ttl && now - last_ <= limits::heartbeat_late;
}

} // namespace roomcast::actors
