#pragma once

#include "actors/presence_op.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace roomcast::actors {

/// A room's side of presence: which connections of this node are there as which users, and what the bus still
/// has to be told of it. One change is under way at a time, so that a burst becomes one change. Decides,
/// sends nothing: the caller brings the time. One thread.
class presence_desk {
public:
  using time = std::chrono::steady_clock::time_point;

  /// What the bus is to be told next.
  struct change {
    uint32_t ticket = 0;
    bool whole = false; ///< whoever of this node is not named is gone
    std::vector<presence_op> ops;
    bool last = false; ///< behind this, nobody of this node is in the room
  };

  /// `grace`: for how long a user whose connection broke is still there.
  explicit presence_desk(std::chrono::milliseconds grace) noexcept : grace_(grace) {}

  // -- what members do -----------------------------------------------------------

  /// The connection is there as this user from now on, whoever it was before.
  void enter(connection_id who, std::string user_id, std::string user);
  /// The connection goes; false if it was not there with a user.
  bool leave(connection_id who, std::string_view reason, time now);
  /// The connection's enter() was in vain: all is as it was before.
  void forget(connection_id who);

  // -- what the room is told --------------------------------------------------------

  /// The bus may have missed or lost something: it is told everything with the next change.
  void resync();
  /// No grace any more, and no second attempt at anything.
  void hurry();
  /// Ends the graces that are over.
  void advance(time now);
  /// When advance() has something to do at the latest; where changes `can_be_sent`, next() as well.
  std::optional<time> due(bool can_be_sent) const;

  // -- what the bus is told -----------------------------------------------------------

  /// The next change, unless there is none, or one is under way.
  std::optional<change> next(time now);
  /// The answer to a change; false if nobody waits for it.
  bool settle(uint32_t ticket, bool ok, time now);

  /// Whether the connection's last step was not sent yet.
  bool is_queued(connection_id who) const { return places_.contains(who); }
  /// Whether the connection enters by the change that is under way.
  bool is_entering(connection_id who) const { return entering_.contains(who); }

  /// Whether the bus knows of nobody here, and has been told so.
  bool idle() const noexcept { return wanted_.empty() && queue_.empty() && !under_way_ && !whole_; }
  /// Distinct users here.
  size_t users() const noexcept { return users_.size(); }

private:
  struct user {
    std::string id;
    std::string text;
  };

  struct seat {
    user now;
    std::optional<user> before; // what the bus knows, as long as it does not know `now`
    bool settled = false;       // the bus knows `now`
    bool in_grace = false;
  };

  using seats = std::map<connection_id, seat>;

  void assign(seat& to, user who);
  void vacate(seats::iterator which);
  void take_back(seats::iterator which);
  void end_first_grace();
  void enqueue(presence_op op);
  void dequeue(connection_id who);
  void take_whole(change& out);
  void take_queue(change& out);
  void give_up();

  const std::chrono::milliseconds grace_;
  seats wanted_;
  std::unordered_map<std::string, size_t> users_; // connections, by user id
  std::map<uint64_t, presence_op> queue_;         // by place; at most one per connection
  std::unordered_map<connection_id, uint64_t> places_;
  std::multimap<time, connection_id> graces_;  // by their end
  std::unordered_set<connection_id> entering_; // by the change under way
  std::optional<time> retry_at_;
  uint64_t next_place_ = 0;
  uint32_t ticket_ = 0;
  bool under_way_ = false;
  bool whole_ = false;
  bool hurried_ = false;
};

} // namespace roomcast::actors
