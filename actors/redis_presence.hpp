#pragma once

#include "actors/channel_naming.hpp"
#include "actors/interfaces.hpp"
#include "actors/lease_watch.hpp"
#include "actors/presence_scripts.hpp"
#include "actors/script_runner.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <unordered_set>

namespace roomcast::actors {

/// Who is where, in Redis: the users of rooms, the heartbeats that keep them there, and the end of those
/// whose node is gone (docs/presence.md). Belongs to a redis_bridge, on its thread.
class redis_presence {
public:
  struct surroundings {
    script_runner& scripts;
    const channel_naming& naming;
    boot_id boot;
    std::function<lease_watch::time()> now;
    std::function<void()> on_forgotten; ///< Redis has lost what rooms told it: they have to say it again
  };

  explicit redis_presence(surroundings around);

  // -- what actors want ----------------------------------------------------------

  void on_change(const change_presence& message);
  void on_question(const ask_presence& message);
  void on_heartbeat(const wire::cluster_node& self);
  void on_ask_cluster(const ask_cluster& message);
  /// Removes everything of this node from Redis, and takes nothing more; then calls `done`, possibly at once.
  void leave(std::function<void()> done);

  // -- what the bus says -----------------------------------------------------------

  void on_ready(bool ready);

  /// Forgets who waits for its turn: connections hold the bridge, and neither would ever be freed.
  void release();

  uint64_t refused_questions() const noexcept { return refused_questions_; }

private:
  using reply = const net::resp_value*;
  using next_step = std::function<void(bool)>; // whether to go on

  bool available() const noexcept { return ready_ && !leaving_ && !self_.id.empty(); }
  presence_scripts::node_run run() const { return {self_.id, around_.boot}; }

  void beat();
  void on_beat(reply answer);
  void reap(const std::string& node);
  void condemn(const std::string& node, next_step done);
  void clear_rooms(const std::string& node, const std::vector<std::string>& rooms, next_step done);
  void ask_next();
  void on_page(const ask_presence& question, reply answer);
  void refuse(const ask_presence& question);
  void on_cluster(const collector_actor& collector, reply answer) const;

  const surroundings around_;
  script_runner& scripts_;
  lease_watch lease_;
  wire::cluster_node self_;
  std::unordered_set<std::string> reaping_; // `ID.BOOT`
  std::deque<ask_presence> questions_;      // that wait
  size_t asked_ = 0;                        // that are at Redis
  uint64_t refused_questions_ = 0;
  bool asking_ = false;
  bool ready_ = false;
  bool leaving_ = false;
};

} // namespace roomcast::actors
