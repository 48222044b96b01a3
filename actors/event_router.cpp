#include "actors/event_router.hpp"

#include "actors/room.hpp"
#include "core/limits.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace roomcast::actors {
event_router::event_router(const io_unit& where, std::function<void()> on_relief) :
    where_(where),
    unflushed_(ref<unflushed_bytes>::make(limits::max_unflushed_bytes, std::move(on_relief))) {}

event_router::channel& event_router::attach(const attach_room& request) {
  auto& entry = channels_[request.room];
  if (!entry) entry = std::make_unique<channel>();
  if (entry->owner != request.from) entry->pending.reset(); // events for the former owner
  entry->name = request.room;
  entry->owner = request.from;
  entry->near = neighbour<room>(request.from, where_);
  entry->attempt = request.attempt;
  entry->confirmed = false;
  return *entry;
}

event_router::channel* event_router::owned_by(const detach_room& request) {
  auto* known = find(request.room);
  return known && known->owner == request.from ? known : nullptr;
}

void event_router::release(channel& gone) {
  std::erase(touched_, &gone);
  channels_.erase(channels_.find(gone.name));
}

void event_router::release_all() noexcept {
  touched_.clear();
  channels_.clear();
}

event_router::channel* event_router::find(const room_name& name) {
  const auto known = channels_.find(name);
  return known == channels_.end() ? nullptr : known->second.get();
}

void event_router::add(channel& to, const event_batch::event& added) {
  if (!to.pending) {
    to.pending = spare_ ? std::exchange(spare_, nullptr) : ref<event_batch>::make(unflushed_);
    touched_.push_back(&to);
  }
  to.pending->append(added);
  ++received_;
}

void event_router::hand_out() {
  for (auto* c : touched_)
    if (c->pending) hand_to(*c);
  touched_.clear();
}

void event_router::hand_to(channel& to) {
  auto list = std::exchange(to.pending, nullptr);
  if (!to.near || !to.near->take(*list)) return caf::anon_send(to.owner, events{std::move(list)});
  list->clear(unflushed_);
  if (!spare_) spare_ = std::move(list);
}

void event_router::confirm(channel& which) {
  which.confirmed = true;
  caf::anon_send(which.owner, room_notice{attached{which.attempt}});
}

void event_router::lose_all() {
  for_each([](channel& c) {
    c.confirmed = false;
    caf::anon_send(c.owner, room_notice{bus_lost{}});
  });
}

} // namespace roomcast::actors
