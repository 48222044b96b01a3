#pragma once

#include "actors/interfaces.hpp"
#include "actors/room_rules.hpp"
#include "actors/script_runner.hpp"
#include "net/redis_bus.hpp"

#include <deque>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace roomcast::actors {

/// The history of rooms in Redis: a numbered stream per room and a hash with its epoch and newest number
/// (docs/history.md). Every change is one script, so that nobody ever sees half of it. Belongs to a bridge,
/// one thread; bus and runner outlive it.
class redis_log {
public:
  /// `prefix` is that of all keys.
  redis_log(net::redis_bus& bus, script_runner& scripts, std::string prefix);

  /// Appends a message to its room's log and publishes it, as one publish of the bus: the outcome comes with
  /// `cookie`. `by_text`: Redis did not know the script by its name.
  void publish(
      const actors::publish& message, const history_rule& rule, std::string_view channel, uint64_t cookie,
      bool by_text);
  /// Publishes a payload in a room without history, unless the key was used in it lately; the outcome comes
  /// in the same way.
  void publish_once(
      const room_name& room, std::string_view key, std::string_view channel, std::string_view payload,
      uint64_t cookie);
  /// Reads what publish() answered: false if that is no place, or not the answer to the publish with this
  /// cookie. A link that has lost a reply brings those of others until its next PING.
  static bool read_outcome(const net::resp_value& reply, uint64_t cookie, position& at, bool& repeated);
  /// Reads what publish_once() answered: false if that is something else.
  static bool read_once(const net::resp_value& reply, bool& repeated);

  /// A room that is attached here: each publish into it says what this node knows of its numbers, so that a
  /// Redis that came back with old data does not give them twice.
  void watch(const room_name& room) { known_[room]; }
  void unwatch(const room_name& room) { known_.erase(room); }
  /// The room has, or had, this number.
  void saw(const room_name& room, position at);
  /// The bus is ready, or is not. Redis may have begun anew: publishes into each room say so until one is
  /// taken; all of them while the bus is not ready, since its links come and go unnoticed then.
  void on_ready(bool ready) noexcept {
    introduced_.clear();
    ready_ = ready;
  }
  /// Redis took a publish into this room.
  void took(const room_name& room);

  /// Carries the request out; the answer goes to the room.
  void ask(const ask_log& request);
  /// Carries the request out, or lets it wait: limits::max_history_reads at a time. Answers at once when too
  /// many wait.
  void ask(ask_history& request);

  /// Forgets who waits for its turn: connections hold the bridge, and neither would ever be freed.
  void release() { waiting_.clear(); }

  /// `history` requests that were refused because too many waited.
  uint64_t refused() const noexcept { return refused_; }

private:
  /// What this node knows of a room that is attached here.
  struct knowledge {
    position newest;
    std::string run; // of Redis, when the place was read last
  };

  void answer_place(const ask_log& request, const net::resp_value* reply);
  void read_next();
  void read(ask_history request);
  std::string key(std::string_view kind, const room_name& room) const;
  std::vector<std::string> keys_of(const room_name& room) const;

  net::redis_bus& bus_;
  script_runner& scripts_;
  const std::string prefix_;
  std::unordered_map<room_name, knowledge, room_name_hash, room_name_equal> known_;
  std::unordered_set<room_name, room_name_hash, room_name_equal> introduced_; // published to on this link
  std::deque<ask_history> waiting_;
  bool ready_ = false;
  size_t reading_ = 0; // `history` requests that are at Redis
  uint64_t refused_ = 0;
  bool starting_ = false; // in read_next()
};

} // namespace roomcast::actors
