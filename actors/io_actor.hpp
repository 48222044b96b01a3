#pragma once

#include "actors/io_unit.hpp"
#include "net/function_ref.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/detail/sync_request_bouncer.hpp>
#include <caf/intrusive/inbox_result.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/sec.hpp>

#include <utility>

namespace roomcast::actors {

/// An actor that always runs on one I/O thread and may therefore touch that thread's sockets without lock or
/// hop. It stays a full CAF actor: become, monitor, link, request, delayed_send. `Base` is the `::base` of a
/// typed actor handle.
///
/// - Handlers of the network run through as_actor(), so that quit() and exceptions in them end the actor.
/// - The last reference may be dropped on any thread: whatever belongs to the I/O thread is given back in
/// on_exit(),
///   which always runs there, and posted to the thread for destruction.
template <class Base> class io_actor : public Base, public hosted {
public:
  io_actor(caf::actor_config& config, io_unit& unit) : Base(config), unit_(unit) { this->context(&unit); }

  using Base::enqueue;
  /// What scheduled_actor::enqueue does, but straight into the ready list of the one unit that runs this
  /// actor.
  void enqueue(caf::mailbox_element_ptr message, caf::execution_unit*) override {
    const auto id = message->mid;
    const auto asker = id.is_request() ? message->sender : nullptr;
    switch (this->mailbox().push_back(std::move(message))) {
    case caf::intrusive::inbox_result::unblocked_reader:
      idle_.store(false, std::memory_order_relaxed);
      return become_ready();
    case caf::intrusive::inbox_result::queue_closed:
      if (id.is_request())
        caf::detail::sync_request_bouncer{caf::make_error(caf::sec::request_receiver_down)}(asker, id);
      return;
    case caf::intrusive::inbox_result::success: return;
    }
  }

  /// Ignores the unit that spawn() passes: this actor has one of its own.
  void launch(caf::execution_unit*, bool lazy, bool hide) override {
    if (!hide) this->register_at_system();
    if (!lazy || !this->mailbox().try_block()) become_ready();
  }

  caf::resumable::subtype_t subtype() const override { return caf::resumable::io_actor; }

  caf::resumable::resume_result run(caf::execution_unit* unit, size_t max_messages) override {
    running_ = true;
    const auto outcome = handle_messages(unit, max_messages);
    if (outcome != caf::resumable::done) guarded([this] { on_drained(); });
    running_ = false;
    return outcome;
  }

  void settle() override {
    if (this->getf(caf::abstract_actor::is_cleaned_up_flag)) return;
    running_ = true;
    guarded([this] { on_drained(); });
    running_ = false;
  }

  bool cleanup(caf::error&& reason, caf::execution_unit* where) override {
    idle_.store(false, std::memory_order_relaxed); // nothing is handed over any more
    return Base::cleanup(std::move(reason), where);
  }

  void drop() override { caf::intrusive_ptr_release(this->ctrl()); }

  bool is_on(const io_unit& where) const noexcept { return &unit_ == &where; }

  /// What an actor of the same thread would send as a message, brought by a call: runs `turn` as a handler of
  /// this actor; it may throw, but not quit(). on_drained() follows when the unit has run all that are ready.
  /// False: nothing happened, because messages wait that go before it, or the actor has ended.
  template <class Turn> bool hand_over(Turn turn) {
    if (!idle_.load(std::memory_order_relaxed) || running_) return false;
    if (unit_.settle_later(*this)) caf::intrusive_ptr_add_ref(this->ctrl());
    running_ = true;
    try {
      turn();
      running_ = false;
    } catch (...) {
      guarded([] { throw; });
      running_ = false;
    }
    return true;
  }

protected:
  /// Called after each run of messages, on the I/O thread: flush what was gathered, once. A handler like any
  /// other: writing may find that the connection broke, and end the actor.
  virtual void on_drained() {}

  /// Runs `turn` as a handler of this actor; does nothing when the actor has ended. From within one of its
  /// handlers it is a plain call.
  void as_actor(net::function_ref<void()> turn) {
    if (running_) return turn();
    const caf::strong_actor_ptr keep{this->ctrl()}; // the turn may drop the last reference
    if (this->getf(caf::abstract_actor::is_cleaned_up_flag) || !this->activate(&unit_)) return;
    running_ = true;
    guarded(turn);
    running_ = false;
  }

  io_unit& unit() noexcept { return unit_; }

private:
  /// What scheduled_actor::resume does, without what these actors do not use and every delivery would pay
  /// for: receive timeouts, streams, the actor's id for CAF's own log.
  caf::resumable::resume_result handle_messages(caf::execution_unit* unit, size_t max_messages) {
    if (!this->activate(unit)) return caf::resumable::done;
    size_t handled = 0;
    caf::scheduled_actor::mailbox_visitor visitor{this, handled, max_messages};
    constexpr size_t quantum = 3; // as CAF has it: how urgent and normal messages take turns
    do {
      this->mailbox().new_round(quantum, visitor);
      if (this->finalize()) return caf::resumable::done;
      idle_.store(true, std::memory_order_relaxed); // before: whoever unblocks the mailbox says the contrary
      if (this->mailbox().try_block()) return caf::resumable::awaiting_message;
      idle_.store(false, std::memory_order_relaxed);
    } while (handled < max_messages);
    return caf::resumable::resume_later;
  }

  /// What CAF does around a message handler.
  template <class Turn> void guarded(Turn turn) {
    try {
      turn();
    } catch (...) {
      this->quit(caf::make_error(caf::sec::runtime_error));
    }
    this->bhvr_stack_.cleanup();
    this->finalize();
  }

  void become_ready() {
    caf::intrusive_ptr_add_ref(this->ctrl());
    unit_.add_ready(*this);
  }

  io_unit& unit_;
};

/// The actor behind a handle, if it is a `Hosted` of the unit `where`: it can be called instead of sent to
/// (docs/adr/012-deliveries-are-calls.md). Else null.
template <class Hosted, class Handle> Hosted* neighbour(const Handle& whom, const io_unit& where) {
  auto* known = dynamic_cast<Hosted*>(caf::actor_cast<caf::abstract_actor*>(whom));
  return known && known->is_on(where) ? known : nullptr;
}

} // namespace roomcast::actors
