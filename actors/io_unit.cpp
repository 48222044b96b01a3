#include "actors/io_unit.hpp"

#include "net/io_thread.hpp"

#include <caf/actor_system.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <utility>

namespace roomcast::actors {
namespace {

/// Messages one actor handles in a row before the next ready actor and the sockets get their turn. CAF's own
/// default is unlimited, which lets one busy room starve a thread.
constexpr size_t max_messages_per_turn = 300;

/// How often in a row those that have become ready run before the sockets get their turn. A message passes
/// through three actors; looking at the sockets in between would cost a system call each.
constexpr int max_rounds = 8;

/// An actor's own memory, around its hosted part: CAF's mailbox in front, our members behind.
constexpr ptrdiff_t actor_begin = -1'024;
constexpr ptrdiff_t actor_end = 320;
constexpr ptrdiff_t cache_line = 64;

} // namespace

void look_ahead(const hosted* next, const hosted* after_next) noexcept {
  if (next) next->warm_up();
  if (!after_next) return;
  const auto* at = reinterpret_cast<const char*>(after_next);
  for (auto offset = actor_begin; offset < actor_end; offset += cache_line) __builtin_prefetch(at + offset);
}

io_unit::io_unit(caf::actor_system& system, net::io_thread& thread) :
    execution_unit(&system), thread_(thread) {}

io_unit::~io_unit() {
  for (auto* ready = ready_.exchange(nullptr); ready;) std::exchange(ready, ready->next_ready_)->drop();
  for (auto* unsettled : unsettled_) unsettled->drop();
}

void io_unit::exec_later(caf::resumable* ready) {
  if (ready->subtype() == caf::resumable::io_actor)
    add_ready(dynamic_cast<hosted&>(*ready));
  else
    system().scheduler().enqueue(ready);
}

void io_unit::add_ready(hosted& actor) {
  auto* head = ready_.load(std::memory_order_relaxed);
  do actor.next_ready_ = head;
  while (!ready_.compare_exchange_weak(head, &actor));
  if (!head) wake(); // whoever makes the list non-empty wakes the thread
}

void io_unit::wake() {
  if (!scheduled_.load() && !scheduled_.exchange(true)) thread_.post([this] { drain(); });
}

bool io_unit::settle_later(hosted& actor) {
  if (std::exchange(actor.unsettled_, true)) return false;
  unsettled_.push_back(&actor);
  wake(); // nothing to do where a running actor calls
  return true;
}

void io_unit::drain() {
  for (int round = 0; round < max_rounds && run_ready(); ++round) {}
  settle();
  scheduled_.store(false);
  if (ready_.load()) wake(); // a new post, so that the sockets are polled in between
}

/// Runs the actors that are ready now, but none that becomes so meanwhile. False: there was none, or one is
/// busy for longer than the sockets should wait.
bool io_unit::run_ready() {
  hosted* last_first = ready_.exchange(nullptr);
  if (!last_first) return false;
  bool all_done = true;
  hosted* first = nullptr;
  while (last_first) {
    auto* next = std::exchange(last_first->next_ready_, first);
    first = std::exchange(last_first, next);
  }
  while (first) {
    auto* actor = std::exchange(first, first->next_ready_);
    look_ahead(first, first ? first->next_ready_ : nullptr);
    if (actor->run(this, max_messages_per_turn) == caf::resumable::resume_later) {
      add_ready(*actor);
      all_done = false;
    } else {
      actor->drop();
    }
  }
  return all_done;
}

/// In the order of the calls.
void io_unit::settle() {
  const auto at = [this](size_t i) { return i < unsettled_.size() ? unsettled_[i] : nullptr; };
  for (size_t i = 0; i < unsettled_.size(); ++i) {
    look_ahead(at(i + 1), at(i + 2));
    auto* actor = unsettled_[i];
    actor->unsettled_ = false;
    actor->settle();
    actor->drop();
  }
  unsettled_.clear();
}

} // namespace roomcast::actors
