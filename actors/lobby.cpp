#include "actors/lobby.hpp"

#include "actors/connection.hpp"
#include "core/log.hpp"
#include "net/io_thread.hpp"

#include <caf/actor_system.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

namespace roomcast::actors {

lobby::lobby(
    caf::actor_config& config, std::vector<actor_host*> hosts, const bridge_ring& bridges, room_rules rules,
    std::atomic<uint64_t>& active_rooms) :
    io_actor(config, hosts.front()->unit()),
    hosts_(std::move(hosts)),
    bridges_(bridges),
    rules_(std::move(rules)),
    active_rooms_(active_rooms) {
  set_down_handler([this](caf::down_msg& m) { on_room_down(m); });
}

lobby::behavior_type lobby::make_behavior() {
  return {
      [this](join& m) { on_join(m); },
      [this](leave& m) { on_leave(m); },
      [this](const retire& m) { on_retire(m); },
      [this](const drain_rooms& m) { on_drain(m); },
      [this](const ask_figures& m) { on_figures(m); },
  };
}

void lobby::on_exit() {
  for (const auto& [name, room] : rooms_) caf::anon_send_exit(room.handle, caf::exit_reason::user_shutdown);
  rooms_.clear(); // each holds a handle of ours: neither would ever be freed
  names_.clear();
  on_empty_ = nullptr;
}

void lobby::on_join(join& message) {
  ++handled_;
  auto known = rooms_.find(message.room);
  if (known == rooms_.end()) known = open(message.room);
  ++known->second.joins;
  caf::anon_send(known->second.handle, std::move(message));
}

void lobby::on_leave(leave& message) {
  ++handled_;
  if (const auto known = rooms_.find(message.room); known != rooms_.end())
    caf::anon_send(known->second.handle, std::move(message));
}

void lobby::on_retire(const retire& message) {
  ++handled_;
  const auto known = rooms_.find(message.room);
  if (known == rooms_.end() || known->second.handle != message.from || known->second.joins != message.joins)
    return;
  forget(known);
  caf::anon_send(message.from, room_notice{retire_ok{}});
}

void lobby::on_drain(const drain_rooms& message) {
  ++handled_;
  on_empty_ = message.on_empty;
  for (const auto& [name, room] : rooms_) caf::anon_send(room.handle, room_notice{hurry{}});
  if (rooms_.empty()) on_empty_();
}

void lobby::on_room_down(const caf::down_msg& message) {
  const auto watched = names_.find(message.source.id());
  if (watched == names_.end()) return; // it retired
  const auto known = rooms_.find(watched->second);
  log::error("room_failed", {{"room", watched->second.view()}, {"reason", to_string(message.reason)}});
  tell_connections(known->first);
  forget(known);
}

lobby::room_map::iterator lobby::open(const room_name& name) {
  auto& host = *hosts_[name.hash() % hosts_.size()];
  auto handle =
      system().spawn<room>(host.unit(), name, bridges_.of(name), lobby_actor{this}, rules_.of(name.view()));
  monitor(handle);
  names_.emplace(handle.id(), name);
  if (on_empty_) caf::anon_send(handle, room_notice{hurry{}});
  const auto [place, is_new] = rooms_.emplace(name, entry{std::move(handle)});
  active_rooms_.store(rooms_.size(), std::memory_order_relaxed);
  return place;
}

void lobby::forget(room_map::iterator room) {
  names_.erase(room->second.handle.id());
  rooms_.erase(room);
  active_rooms_.store(rooms_.size(), std::memory_order_relaxed);
  if (rooms_.empty() && on_empty_) on_empty_();
}

/// A room that failed knows its members no more, and joins may have been lost with it: everybody is told, and
/// those whom it concerns act.
void lobby::tell_connections(const room_name& lost) {
  for (auto* host : hosts_)
    host->thread().post([host, lost] {
      for (auto* c : host->connections()) caf::anon_send(connection_actor{c}, notice{room_lost{lost}});
    });
}

void lobby::on_figures(const ask_figures& message) {
  ++handled_;
  caf::anon_send(message.collector, expected_answers{rooms_.size() + 1});
  figures mine;
  mine.actor = {name(), id(), "", mailbox().size(), handled_, on_empty_ ? "draining" : "open"};
  caf::anon_send(message.collector, std::move(mine));
  for (const auto& [name, room] : rooms_) caf::anon_send(room.handle, room_notice{message});
}

} // namespace roomcast::actors
