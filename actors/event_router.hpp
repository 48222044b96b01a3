#pragma once

#include "actors/interfaces.hpp"

#include <memory>
#include <unordered_map>
#include <vector>

namespace roomcast::actors {

class io_unit;
class room;

/// From a channel to the room that owns it: the part that both bridges share. Gathers the events of one turn
/// and hands each room its own at once. Belongs to a bridge, one thread.
class event_router {
public:
  /// One attached room. Its address is stable until it is detached.
  struct channel {
    room_name name;
    room_actor owner;
    uint32_t attempt = 0;     // of the owner's latest attach
    bool confirmed = false;   // `attached` was sent for that attempt, and no `bus_lost` since
    room* near = nullptr;     // the owner, if it is a room of the bridge's own I/O thread
    ref<event_batch> pending; // gathered in this turn
  };

  /// `where` is the bridge's; `on_relief`: see unflushed_bytes.
  event_router(const io_unit& where, std::function<void()> on_relief);

  /// Makes `request.from` the owner of its channel.
  channel& attach(const attach_room& request);
  /// The channel, if `request.from` owns it; release() it then.
  channel* owned_by(const detach_room& request);
  void release(channel& gone);
  /// Forgets all channels, and with them the rooms' handles: rooms hold one of the bridge, so that neither
  /// would ever be freed.
  void release_all() noexcept;

  channel* find(const room_name& name);

  /// Adds an event, handed over with the next hand_out().
  void add(channel& to, const event_batch::event& added);
  /// Hands each room its gathered events, by a call or by one message.
  void hand_out();

  /// Tells the owner that its subscription is confirmed.
  void confirm(channel& which);
  /// Tells all owners that the bus is away.
  void lose_all();
  /// Calls `visit(channel)` for each.
  template <class Visitor> void for_each(Visitor visit) {
    for (auto& [name, entry] : channels_) visit(*entry);
  }

  size_t size() const noexcept { return channels_.size(); }
  uint64_t received() const noexcept { return received_; }
  unflushed_bytes& unflushed() noexcept { return *unflushed_; }

private:
  void hand_to(channel& to);

  const io_unit& where_;
  std::unordered_map<room_name, std::unique_ptr<channel>, room_name_hash, room_name_equal> channels_;
  std::vector<channel*> touched_; // with pending events
  ref<event_batch> spare_;        // cleared: most events are handed to a room at a time
  ref<unflushed_bytes> unflushed_;
  uint64_t received_ = 0;
};

} // namespace roomcast::actors
