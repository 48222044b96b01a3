#pragma once

#include "bench/load/plan.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace roomcast::bench {

/// How far a connection is, in this order.
enum class client_state : uint8_t {
  unused,
  connecting,
  upgrading,
  greeting, ///< waits for the dialect's greeting
  login,
  joining,
  live,
  closing, ///< our close frame is on its way
  dead,
};

/// One WebSocket connection. Belongs to a worker, which alone touches it while the run goes on.
struct client {
  client(uint32_t number, role what) : id(number), part(what) {}

  uint32_t id;
  role part;
  client_state state = client_state::unused;
  int fd = -1;

  bool dirty = false;          ///< has output that was not tried yet
  bool waits_to_write = false; ///< the kernel took no more
  bool got_close = false;
  bool returning = false;         ///< a churner after its first life
  bool in_message = false;        ///< between fragments
  uint32_t answers = 0;           ///< to joins
  uint32_t request = 100'000'001; ///< next request number: nine digits
  uint32_t first_probe = 0;       ///< index of its first slot among the worker's probe flags
  uint32_t first_stream = 0;      ///< index of its first stream in the worker's ledger
  uint64_t since_ns = 0;          ///< when it began to connect, or to leave

  std::string input;   ///< of an incomplete frame
  std::string message; ///< fragments so far
  std::string output;
  size_t output_sent = 0;
  std::string accept; ///< the Sec-WebSocket-Accept we want

  // Publishers only.
  std::vector<prepared_publish> requests; ///< one per slot
  uint32_t next_slot = 0;
  uint32_t outstanding = 0;
  uint64_t progress_ns = 0; ///< when its latest message came back

  /// Publishers, as (room << 32 | index), whose messages come back to us instead of to them: where the server
  /// sends publishers no echo, a room mate stands in.
  std::vector<std::pair<uint64_t, client*>> witness_for;
};

} // namespace roomcast::bench
