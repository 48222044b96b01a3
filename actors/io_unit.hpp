#pragma once

#include <caf/execution_unit.hpp>
#include <caf/resumable.hpp>

#include <atomic>
#include <cstddef>
#include <vector>

namespace roomcast::net {
class io_thread;
}

namespace roomcast::actors {

/// What the ready list links: an actor that always runs on one I/O thread. In the list at most once, because
/// CAF hands an actor out only when its mailbox goes from empty and blocked to non-empty.
class hosted {
public:
  /// Handles up to `max_messages`; called on the I/O thread.
  virtual caf::resumable::resume_result run(caf::execution_unit* unit, size_t max_messages) = 0;
  /// Gives up the reference that came with the entry in the ready list.
  virtual void drop() = 0;
  /// Ends a run of what was handed over by calls; see io_unit::settle_later().
  virtual void settle() = 0;
  /// Fetches what run() and settle() will touch first into the cache: it is this actor's turn after the next
  /// one's.
  virtual void warm_up() const noexcept {}

  virtual ~hosted() = default;

protected:
  bool running_ = false;          // a handler of this actor is on the stack
  std::atomic<bool> idle_{false}; // alive, its mailbox empty and blocked: nothing goes before a call

private:
  friend class io_unit;
  bool unsettled_ = false; // in the unit's list
  hosted* next_ready_ = nullptr;
};

/// For who goes through many actors, each of which is cold: a thousand connections do not fit the cache.
/// While one has its turn, the memory of the next two (or null) is fetched (docs/adr/009-look-ahead.md).
void look_ahead(const hosted* next, const hosted* after_next) noexcept;

/// Runs hosted actors on exactly one I/O thread: one posted handler for all that are ready, and those that
/// they make ready, first come first served; then those that were handed something by a call write what they
/// have gathered. `exec_later` may be called from any thread. Actors of CAF's scheduler that are woken here
/// go back to the scheduler.
class io_unit final : public caf::execution_unit {
public:
  io_unit(caf::actor_system& system, net::io_thread& thread);
  ~io_unit() override;

  void exec_later(caf::resumable* ready) override;

  /// Takes over a reference to `actor`, which has messages to handle. Any thread.
  void add_ready(hosted& actor);

  /// Calls `actor.settle()` once, when no actor is ready any more. True: it takes over a reference to
  /// `actor`; false: it has one. I/O thread only.
  bool settle_later(hosted& actor);

  net::io_thread& thread() noexcept { return thread_; }

private:
  void wake();
  void drain();
  bool run_ready();
  void settle();

  net::io_thread& thread_;
  alignas(64) std::atomic<hosted*> ready_{nullptr};
  std::atomic<bool> scheduled_{false}; // drain() is posted, or on the stack
  std::vector<hosted*> unsettled_;
};

} // namespace roomcast::actors
