#pragma once

#include "bench/load/options.hpp"
#include "bench/load/payload.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace roomcast::bench {

/// What a connection is there for.
enum class role : uint8_t {
  member,  ///< everything it gets is accounted for
  stalled, ///< stops reading once joined
  churner, ///< leaves and comes back; what it gets is only counted
};

/// Who sits where and who publishes what, fixed before the first connection. Immutable; any thread.
class run_plan {
public:
  explicit run_plan(const options& o);

  const options& opt() const noexcept { return options_; }
  const payload_format& payloads() const noexcept { return payloads_; }

  role role_of(uint32_t connection) const noexcept;
  /// The room of a connection's `slot`, below options::joins.
  uint32_t room_of(uint32_t connection, uint32_t slot) const noexcept {
    return static_cast<uint32_t>((uint64_t{connection} * options_.joins + slot) % options_.rooms);
  }
  /// Where it connects to: neighbours in a room sit on different nodes.
  const node_address& node_of(uint32_t connection) const noexcept;

  uint32_t publishers_in(uint32_t room) const noexcept { return room_publishers_[room]; }
  bool publishes(uint32_t connection) const noexcept { return connection < options_.publishers; }
  /// Which of the publishers of its room a connection is; only if publishes().
  uint32_t publisher_index(uint32_t connection, uint32_t slot) const noexcept {
    return publisher_index_[size_t{connection} * options_.joins + slot];
  }

  std::string room_name(uint32_t room) const { return room_prefix_ + std::to_string(room); }

private:
  options options_;
  payload_format payloads_;
  std::string room_prefix_;
  std::vector<uint32_t> room_publishers_;
  std::vector<uint32_t> publisher_index_; // [publisher * joins + slot]
};

/// A publish request, ready but for what changes each time.
struct prepared_publish {
  std::string text;
  size_t payload_at = 0;
  size_t id_at = std::string::npos; ///< of the nine digits of a request number; npos: has none
  uint32_t sequence = 0;
};

prepared_publish prepare(const run_plan& plan, mark::kind_t kind, uint32_t room, uint32_t publisher);

} // namespace roomcast::bench
