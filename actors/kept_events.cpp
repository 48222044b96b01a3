#include "actors/kept_events.hpp"

#include <utility>

namespace roomcast::actors {

kept_events::kept_events(room_name room) : room_(std::move(room)) { open_.wants(true, true); }

void kept_events::append(std::string_view text, connection_id excluded) { open_.append(text, 0, excluded); }

uint64_t kept_events::mark() {
  close();
  return first_ + sealed_.size();
}

void kept_events::clear() {
  close();
  first_ += sealed_.size();
  sealed_ = {};
  sealed_bytes_ = 0;
}

void kept_events::close() {
  if (open_.empty()) return;
  sealed_bytes_ += open_.bytes();
  sealed_.push_back(open_.seal(room_, nullptr));
}

} // namespace roomcast::actors
