#pragma once

#include "actors/channel_naming.hpp"
#include "actors/interfaces.hpp"
#include "actors/redis_log.hpp"
#include "actors/room_rules.hpp"
#include "core/ids.hpp"
#include "net/redis_bus.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace roomcast::actors {

/// The publishes of a bridge that Redis has not answered, oldest first: sends them, and answers each
/// publisher. Also where Redis forgets the script that publishes into a history, one publisher's messages
/// keep their order: what comes meanwhile is held back (at most limits::max_unanswered_bytes, then refused at
/// once), and what cannot be repeated in its place is refused. Belongs to a bridge, one thread; bus and log
/// outlive it.
class publish_queue {
public:
  publish_queue(
      net::redis_bus& bus, redis_log& log, const channel_naming& naming, const room_rules& rules,
      const boot_id& boot);

  void publish(actors::publish& message);
  /// The bus' answer to a publish: all publishes of the bus are this queue's.
  void on_published(uint64_t cookie, net::publish_result outcome, const net::resp_value* reply);
  /// Another server, or the same one anew: it does not know the script.
  void on_new_server() noexcept { introduce_ = true; }

  /// Forgets all publishes: publishers hold the bridge, and neither would ever be freed.
  void release() { entries_.clear(); }

  /// Publishes that were refused here; those that the bus refuses are counted there.
  uint64_t refused() const noexcept { return refused_; }

private:
  struct entry {
    actors::publish wanted; // of one without history only what the answer needs
    bool kept;              // in the history
    bool keyed;             // Redis says whether its key was known
    uint64_t cookie;
    bool settled = false;
    bool held = false; // to be sent, or sent again, by send_held()
  };

  uint64_t next_cookie() const noexcept { return first_cookie_ + entries_.size(); }
  entry& at(uint64_t cookie) { return entries_[cookie - first_cookie_]; }
  std::string_view channel_of(const room_name& room);

  void send(uint64_t cookie);
  void hold(entry& which);
  void send_held();
  void refuse_overtaken(uint64_t cookie);
  static bool read(const entry& which, const net::resp_value& reply, published& answer);
  void settle(entry& which, publish_outcome outcome, const net::resp_value* reply);
  void drop_settled();

  net::redis_bus& bus_;
  redis_log& log_;
  const channel_naming& naming_;
  const room_rules& rules_;
  const boot_id& boot_;
  std::string channel_; // scratch
  std::deque<entry> entries_;
  uint64_t first_cookie_ = 0; // of entries_.front()
  bool introduce_ = true;     // the next script goes as text

  bool holding_ = false;   // Redis has forgotten the script
  uint64_t last_sent_ = 0; // while holding: the last one that was sent before
  size_t awaited_ = 0;     // while holding: of those the ones that Redis has not answered
  size_t held_bytes_ = 0;  // text of what is held
  uint64_t refused_ = 0;
};

} // namespace roomcast::actors
