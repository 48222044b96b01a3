#pragma once

#include "actors/interfaces.hpp"
#include "actors/io_actor.hpp"
#include "actors/kept_events.hpp"
#include "actors/presence_desk.hpp"
#include "actors/room_history.hpp"
#include "actors/room_rules.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

namespace roomcast::actors {

/// A room that is active on this node: its members here, in one order with all other nodes.
///
///     attaching -> live <-> lingering -> retiring -> gone
///
/// The first join attaches the channel; joins wait until the bus has confirmed it, and those with a user
/// until it knows the user as well. Events go out in batches: the first at once, what comes while a batch is
/// in flight with the next. When the last member has left and the bus knows it, the linger time starts, then
/// the room asks the lobby to retire. Runs on an I/O thread (docs/adr/001-where-rooms-run.md).
class room final : public io_actor<room_actor::base>, private room_history::owner {
public:
  room(
      caf::actor_config& config, io_unit& unit, room_name name, bridge_actor bridge, lobby_actor lobby,
      room_options options);

  const char* name() const override { return "room"; }
  void on_exit() override;

  /// What `events` says, by a call from the bridge of the same I/O thread. False: nothing happened, since
  /// messages wait that go before it; send it.
  bool take(event_batch& list) {
    return hand_over([&] { on_events(list); });
  }

protected:
  behavior_type make_behavior() override;
  void on_drained() override;

private:
  enum class state : uint8_t { attaching, live, lingering, retiring };

  struct member {
    connection_actor handle; // null: the slot is free
    connection_id id{};
    variant spelling = variant::plain;
    bool is_near = false; // a `connection` of our I/O thread
  };

  /// What there is of users; most rooms have none.
  struct people {
    explicit people(std::chrono::milliseconds grace) : desk(grace) {}

    presence_desk desk;
    std::vector<join> entering; // the bus does not know their users yet
    batch_builder meanwhile;    // what came in since the change under way was sent
    std::optional<presence_desk::time> timer;
  };

  // -- events ------------------------------------------------------------------

  void on_events(event_batch& list);
  void on_flushed();
  void send_batch();
  void flush_batch();
  bool is_near(const connection_actor& whom);
  void append(std::string_view text, uint64_t seq, connection_id excluded) override;
  void append_gap(const std::string& text) override;
  void begin_appending();

  // -- history -----------------------------------------------------------------

  void ask(log_read what, uint32_t ticket, position after) override;
  void retry_later() override;
  bool admitting() const override;
  void seat(join& request, admission how) override;
  void greet(join& request, admission how) override;
  void send_page(const join& request, replay page) override;
  void seat_behind(join& request, variant spelling, replay page) override;
  void hand_over_kept(join& request) override;
  void refuse(const join& request) override;
  void on(const log_answer& message);
  void on(const replay_taken& message);
  void on(const log_retry&);
  void after_history();

  // -- events without a number, for who reads the past (room_kept.cpp) -----------

  void keep_for_recovering(event_batch& list);
  void give_up_keeping();
  void forget_kept();

  // -- members (room_members.cpp) ----------------------------------------------

  void on_join(const join& message);
  void on_leave(const leave& message);
  void admit_or_wait(const join& request);
  void admit(join request);
  void admit_waiting();
  void refuse(const join& request, error_code code, const char* why);
  void refuse_waiting();
  member_slot take_slot(const join& request, variant spelling);
  joined answer_to(const join& request, admission how);
  bool is_seated(connection_id id, member_slot slot) const noexcept;
  member_slot seat_of(const join& request) const noexcept;
  member_slot find_seat(connection_id id) const noexcept;
  void unseat(const join& request);
  void vacate(member_slot slot);
  void publish_notice(std::string text);

  // -- users (room_presence.cpp) -----------------------------------------------

  void enter(const join& request);
  void welcome_entering(size_t later, const std::shared_ptr<const wire::roster>& who);
  void on(const presence_changed& message);
  void on(const presence_lost&);
  void on(const presence_due&);
  bool may_retire() const noexcept;
  bool depart(const leave& message);
  void keep_for_entering(event_batch& list);
  void begin_meanwhile();
  void bring_meanwhile(const join& request);
  void refuse_entering(size_t later);
  void send_presence();
  void take_back(const join& request);
  void set_presence_timer();

  // -- life cycle --------------------------------------------------------------

  void start_attaching();
  void on_notice(const room_notice& message);
  void on(const attached& message);
  void on(const bus_lost&);
  void on(const attach_refused& message);
  void on(const room_timeout& message);
  void on(const retire_ok&);
  void on(const hurry&);
  void on(const ask_figures& message);
  void after_departure();
  void ask_to_retire();
  void give_up_channel();
  void set_timer(std::chrono::milliseconds delay);

  const room_name name_;
  const bridge_actor bridge_;
  const lobby_actor lobby_;
  std::chrono::milliseconds linger_;
  const slow_policy slow_consumer_;
  const std::chrono::milliseconds presence_grace_;
  const size_t page_bytes_; // of the past, at once

  state state_ = state::attaching;
  bool channel_ours_ = false; // an attach was sent and no detach behind it
  bool confirmed_ = false;    // the bus has the subscription now
  bool announced_ = false;    // `subscribed` was logged
  uint32_t attempt_ = 0;
  uint64_t timer_generation_ = 0;
  uint64_t joins_received_ = 0;

  std::vector<member> members_; // by slot
  std::vector<member_slot> free_slots_;
  size_t member_count_ = 0;
  size_t numbered_members_ = 0; // of them
  std::vector<join> waiting_;

  std::unique_ptr<people> people_;
  bool hurried_ = false;

  std::unique_ptr<room_history> history_; // null without
  std::unique_ptr<kept_events> kept_;     // with history: while members read the past, or wait to
  batch_builder builder_;
  unsigned in_flight_ = 0; // batches
  unsigned let_go_ = 0;    // of them: nobody has them any more, and they count until the end of our run
  ref<batch> spare_;       // the last one that was let go

  uint64_t messages_ = 0;
  uint64_t bytes_ = 0;
  uint64_t handled_ = 0;
};

} // namespace roomcast::actors
