#pragma once

#include "actors/io_unit.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace roomcast::actors {

class connection;

/// What the connections of one I/O thread count together; written by that thread alone, read by anyone.
struct traffic {
  std::atomic<uint64_t> messages_in{0};
  std::atomic<uint64_t> messages_out{0};
  std::atomic<uint64_t> bytes_in{0};
  std::atomic<uint64_t> bytes_out{0};
  std::atomic<uint64_t> connections{0};     ///< open now
  std::atomic<uint64_t> failed_requests{0}; ///< answered by an error
  std::atomic<uint64_t> refused_joins{0};   ///< of these, joins that a room refused
  std::atomic<uint64_t> rate_limited{0};    ///< of failed_requests, those over a rate
  std::atomic<uint64_t> flood_pauses{0};    ///< a connection far over its rate was not read from for a while
  std::atomic<uint64_t> paused_reads{
      0}; ///< a connection stopped reading: a join to wait for, or credit used up

  /// Adds without a locked instruction: there is one writer.
  static void add(std::atomic<uint64_t>& counter, uint64_t n) noexcept {
    counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
};

/// One I/O thread as actors see it: the unit that runs them, its connections, its counters.
class actor_host {
public:
  actor_host(caf::actor_system& system, net::io_thread& thread) : unit_(system, thread) {}

  io_unit& unit() noexcept { return unit_; }
  net::io_thread& thread() noexcept { return unit_.thread(); }
  traffic& counted() noexcept { return traffic_; }
  const traffic& counted() const noexcept { return traffic_; }

  /// The open connections of this thread, in no order. I/O thread only.
  const std::vector<connection*>& connections() const noexcept { return connections_; }

  void enter(connection& arrived);
  /// Takes out the connection at `place`; the last one takes its place. Returns that one, or null.
  connection* leave(size_t place) noexcept;

  /// Scratch space for decoding and encoding one message. I/O thread only, valid within one handler.
  std::string& scratch() noexcept { return scratch_; }
  std::string& text() noexcept { return text_; }

private:
  io_unit unit_;
  traffic traffic_;
  std::vector<connection*> connections_;
  std::string scratch_;
  std::string text_;
};

} // namespace roomcast::actors
