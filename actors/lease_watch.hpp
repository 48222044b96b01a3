#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace roomcast::actors {

/// Judges from a node's own heartbeats whether it may take other nodes for dead, and which. A Redis that
/// stood still, a clock that jumped and a node that slept all make living nodes look dead: so nobody is dead
/// before our own heartbeats were on time for a full lease, nor before two of them in a row have found it so.
/// Decides only; the caller brings the time. One thread.
class lease_watch {
public:
  using time = std::chrono::steady_clock::time_point;

  /// What follows from one heartbeat.
  struct verdict {
    bool forgotten = false;        ///< we were listed, and are not any more: our users are gone from Redis
    std::vector<std::string> dead; ///< nodes to reap
  };

  /// A heartbeat was answered. `was_new`: it had to list us. `silent`: nodes whose lease is over by the clock
  /// of Redis.
  verdict answered(time now, bool was_new, std::vector<std::string> silent);
  /// A heartbeat failed, or could not be sent.
  void failed() noexcept;

  /// Whether our heartbeats were on time for a full lease.
  bool steady(time now) const noexcept;

private:
  std::optional<time> since_; // start of the unbroken row of heartbeats
  time last_{};               // answer of it
  std::vector<std::string> silent_;
  bool listed_ = false;
};

} // namespace roomcast::actors
