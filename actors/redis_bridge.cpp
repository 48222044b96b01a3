#include "actors/redis_bridge.hpp"

#include "core/limits.hpp"
#include "core/log.hpp"
#include "net/io_thread.hpp"
#include "wire/bus_payload.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

namespace roomcast::actors {

redis_bridge::redis_bridge(
    caf::actor_config& config, io_unit& unit, std::unique_ptr<net::redis_bus> bus, std::string server,
    channel_naming naming, room_rules rules, boot_id boot, std::atomic<bool>& ready) :
    io_actor(config, unit),
    bus_(std::move(bus)),
    scripts_(*bus_),
    log_(*bus_, scripts_, naming.prefix),
    server_(std::move(server)),
    naming_(std::move(naming)),
    rules_(std::move(rules)),
    boot_(std::move(boot)),
    ready_(ready),
    router_(
        unit,
        [weak = caf::weak_actor_ptr{ctrl()}] {
          if (auto self = caf::actor_cast<caf::strong_actor_ptr>(weak))
            caf::anon_send(caf::actor_cast<bridge_actor>(self), resume_events{});
        }),
    publishes_(*bus_, log_, naming_, rules_, boot_),
    presence_(
        {scripts_, naming_, boot_, [this] { return clock().now(); },
         [this] {
           router_.for_each(
               [](const event_router::channel& c) { caf::anon_send(c.owner, room_notice{presence_lost{}}); });
         }}) {}

redis_bridge::behavior_type redis_bridge::make_behavior() {
  return {
      [this](publish& m) { ++handled_, publishes_.publish(m); },
      [this](const attach_room& m) { on_attach(m); },
      [this](const detach_room& m) { on_detach(m); },
      [this](const ask_log& m) { ++handled_, log_.ask(m); },
      [this](ask_history& m) { ++handled_, log_.ask(m); },
      [this](const change_presence& m) { ++handled_, presence_.on_change(m); },
      [this](const ask_presence& m) { ++handled_, presence_.on_question(m); },
      [this](const heartbeat& m) { ++handled_, presence_.on_heartbeat(m.self); },
      [this](const resume_events&) { on_resume(); },
      [this](const ask_cluster& m) { ++handled_, presence_.on_ask_cluster(m); },
      [this](const ask_figures& m) { on_figures(m); },
      [this](const stop_bridge& m) { on_stop(m); },
  };
}

void redis_bridge::on_drained() {
  if (!bus_) return;
  if (!std::exchange(started_, true)) bus_->start(*this);
  bus_->flush();
}

void redis_bridge::on_exit() {
  ready_.store(false);
  bus_->stop();
  router_.release_all();
  // Rooms and connections hold us: those that we hold in turn would never be freed.
  scripts_.release();
  log_.release();
  publishes_.release();
  presence_.release();
  on_stopped_ = nullptr;
  // Perhaps one of the bus' own handlers is on the stack: it is destroyed in a later one.
  unit().thread().post([given_away = std::shared_ptr<net::redis_bus>(std::move(bus_))] {});
}

// -- what actors want ------------------------------------------------------------

void redis_bridge::on_attach(const attach_room& message) {
  ++handled_;
  // With redis.channel = "%" a room can be named like the bus' own channel.
  if (!ready_.load() || bus_->is_reserved(channel_of(message.room)))
    return caf::anon_send(message.from, room_notice{attach_refused{message.attempt}});
  log_.watch(message.room);
  auto& entry = router_.attach(message);
  bus_->subscribe(channel_of(message.room), &entry);
}

void redis_bridge::on_detach(const detach_room& message) {
  ++handled_;
  auto* gone = router_.owned_by(message);
  if (!gone) return;
  log_.unwatch(message.room);
  bus_->unsubscribe(channel_of(message.room), gone);
  router_.release(*gone);
}

void redis_bridge::on_resume() {
  ++handled_;
  if (reading_ || router_.unflushed().over()) return;
  reading_ = true;
  bus_->resume_reading();
}

void redis_bridge::on_stop(const stop_bridge& message) {
  ++handled_;
  if (!message.on_stopped) return finish_stop(); // our own, below: Redis did not answer in time
  on_stopped_ = message.on_stopped;
  delayed_send(this, limits::publish_timeout, stop_bridge{});
  // Redis answers in order: with its last answer to this, all publishes have theirs.
  presence_.leave([this] { finish_stop(); });
}

void redis_bridge::finish_stop() {
  if (const auto tell = std::exchange(on_stopped_, nullptr)) tell();
  quit();
}

// -- what Redis says -------------------------------------------------------------

void redis_bridge::on_ready(bool ready, std::string_view) { // the bus has logged the reason
  ready_.store(ready);
  log_.on_ready(ready);
  presence_.on_ready(ready); // its heartbeat goes before whatever the rooms send
  if (ready) {
    publishes_.on_new_server(); // perhaps
    // Those that were confirmed before, or never lost: the others follow as Redis confirms them.
    router_.for_each([this](event_router::channel& c) {
      if (bus_->is_confirmed(channel_of(c.name))) router_.confirm(c);
    });
  } else {
    router_.lose_all();
  }
}

void redis_bridge::enter(net::function_ref<void()> turn) {
  as_actor([&] {
    turn();
    bus_->flush();
  });
}

void redis_bridge::on_subscribed(void* owner) {
  if (ready_.load()) router_.confirm(*static_cast<event_router::channel*>(owner));
}

void redis_bridge::on_message(void* owner, std::string_view payload) {
  const auto decoded = wire::decode_bus_payload(payload, limits::max_bus_payload_bytes);
  if (!decoded) {
    ++dropped_payloads_;
    return;
  }
  auto& channel = *static_cast<event_router::channel*>(owner);
  if (decoded->at) log_.saw(channel.name, decoded->at);
  const bool ours = decoded->exclude_boot == boot_;
  router_.add(channel, {decoded->text, ours ? decoded->exclude_connection : connection_id{}, decoded->at});
}

void redis_bridge::on_read_end() {
  router_.hand_out();
  if (!reading_ || !router_.unflushed().over()) return;
  reading_ = false;
  bus_->pause_reading();
}

void redis_bridge::on_published(uint64_t cookie, net::publish_result outcome, const net::resp_value* reply) {
  publishes_.on_published(cookie, outcome, reply);
}

void redis_bridge::on_reply(uint64_t cookie, const net::resp_value* reply) {
  scripts_.on_reply(cookie, reply);
}

// -- helpers -----------------------------------------------------------------------

std::string_view redis_bridge::channel_of(const room_name& room) {
  channel_.clear();
  naming_.append_channel(channel_, room.view());
  return channel_;
}

void redis_bridge::on_figures(const ask_figures& message) {
  ++handled_;
  const auto now = bus_->stats();
  wire::bus_figures bus;
  bus.kind = "redis";
  bus.server = server_;
  bus.state = now.state;
  bus.ready = now.ready;
  bus.round_trip_us = now.round_trip_us;
  bus.published = now.published;
  bus.received = now.received;
  bus.refused = now.refused + publishes_.refused();
  bus.unknown = now.unknown;
  bus.reconnects = now.reconnects;
  bus.unanswered_bytes = now.unanswered_bytes;
  bus.unflushed_bytes = router_.unflushed().sum();
  bus.subscriptions_wanted = now.subscriptions_wanted;
  bus.subscriptions_confirmed = now.subscriptions_confirmed;
  bus.dropped_payloads = dropped_payloads_;
  bus.refused_questions = presence_.refused_questions() + log_.refused();
  figures mine;
  mine.actor = {name(), id(), server_, mailbox().size(), handled_, now.state};
  mine.own = std::move(bus);
  caf::anon_send(message.collector, std::move(mine));
}

} // namespace roomcast::actors
