#pragma once

#include "actors/actor_host.hpp"
#include "actors/bridge_ring.hpp"
#include "actors/intake.hpp"
#include "actors/interfaces.hpp"
#include "actors/io_actor.hpp"
#include "net/session.hpp"
#include "wire/dialect.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace roomcast::actors {

/// What all connections of a node share; outlives them. Immutable but for the flag.
struct connection_services {
  lobby_actor lobby;
  const bridge_ring& bridges;
  wire::decode_limits decode;
  size_t max_rooms;                  ///< rooms per connection, pending joins included
  size_t max_queue_bytes;            ///< of its session: answers stay well below
  bool members_only;                 ///< only members may publish, and ask who is there
  const std::atomic<bool>& draining; ///< no joins any more
  rate_limits rates{};               ///< of each connection
};

/// One WebSocket connection. Owns its session and knows its rooms. Runs on the session's I/O thread.
///
/// Requests for one room take effect in the order of arrival: a request for a room whose join is not answered
/// yet waits, and with it everything behind it. The connection holds that one message and stops reading until
/// the room has answered. In the same way a request for a past waits until the client has read the one
/// before, so that several do not meet in the output queue.
class connection final : public io_actor<connection_actor::base>, public net::session_handler {
public:
  connection(
      caf::actor_config& config, actor_host& host, const connection_services& services,
      std::unique_ptr<net::session> session, connection_id id, const wire::dialect& dialect);

  const char* name() const override { return "connection"; }
  void on_exit() override;

  void warm_up() const noexcept override;

  /// What `deliver` says, by a call from a room of the same I/O thread. False: nothing happened, since
  /// messages wait that go before it; send it.
  bool take(const batch& events) {
    return hand_over([&] { on_events(events); });
  }

  /// Marks the connection as told to close; false if it was already. I/O thread only.
  bool start_closing() noexcept {
    const bool first = !closing_;
    closing_ = true;
    return first;
  }

  /// Where the host keeps this connection, after a move.
  void moved_to(uint32_t place) noexcept { place_ = place; }

protected:
  behavior_type make_behavior() override;
  void on_drained() override;

private:
  struct membership {
    room_name room;
    member_slot slot;
    bool admitted : 1; // the room sends us its events
    bool joining : 1;  // a join is under way
    bool past : 1;     // the past under way is of this room
    slow_policy slow_consumer = slow_policy::disconnect;
    variant spelling = variant::plain;
  };

  // -- what the network says ---------------------------------------------------

  void enter(net::function_ref<void()> turn) override { as_actor(turn); }
  void on_message(std::string_view text) override;
  void on_bytes(size_t bytes) override;
  void on_control() override;
  std::string gap_text(const room_name& room, uint64_t events) override;
  void on_closed(close_code why) override;

  // -- what the client wants ---------------------------------------------------

  bool within_rate(size_t bytes);
  void pause_if_flooding(uint64_t now_ms);
  void refuse(std::string_view text);
  void handle(std::string_view text);
  void handle(const wire::request& wanted, std::string_view text);
  void join_room(const wire::request& wanted);
  void leave_room(const wire::request& wanted);
  void publish_event(const wire::request& wanted);
  void ask_who(const wire::request& wanted);
  void ask_past(const wire::request& wanted);
  void pong(const wire::request& wanted);

  // -- what other actors say -----------------------------------------------------

  void on_events(const batch& events);
  void pass_on(const membership& to, const shared_bytes& frames, uint32_t count);
  void on(const joined& message);
  void on(const replayed& message);
  void on(const replay_check& message);
  void on(const history_answer& message);
  void take_past(membership& of, const replay& past);
  void on(const refused& message);
  void on(const published& message);
  void on(const presence_answer& message);
  void on(const room_lost& message);
  void on(const close_connection& message);
  void on(const flood_check&);
  void on(const past_check&);
  void on(const ask_figures& message);

  // -- helpers --------------------------------------------------------------------

  void begin();
  using memberships = std::vector<membership>;
  memberships::iterator find(std::string_view room);
  memberships::iterator find_instance(const room_name& room);
  bool is_joining(std::string_view room);
  bool must_wait(const wire::request& wanted);
  bool is_past_busy();
  void wait_for_past();
  void end_past();
  void answer_joined(const joined& message);
  void answer_history(const history_answer& message);
  void hold(std::string_view text);
  void release_held();
  void update_reading();
  void send_leave(const membership& from, std::string_view user, const char* reason);
  void leave_all();
  void ack(std::string_view id, std::string_view room, const wire::history_note& note = {});
  void fail(const error& what, std::string_view id, std::string_view room);
  /// `encode(text)` appends one JSON text.
  template <class Encode> void send_text(Encode encode) {
    auto& text = host_.text();
    text.clear();
    encode(text);
    session_->queue_text(text);
  }

  actor_host& host_;
  const connection_services& services_;
  const wire::dialect& dialect_;
  std::unique_ptr<net::session> session_;
  memberships rooms_;
  const connection_id id_;
  uint64_t messages_out_ = 0;
  uint64_t handled_ = 0;
  uint32_t opened_s_;                   // by the I/O thread's clock
  uint32_t place_;                      // in the host's list
  [[no_unique_address]] intake intake_; // its padding has room for the flags
  bool open_ : 1 = false;               // the session was started; we hold a reference to ourselves
  bool closing_ : 1 = false;
  bool reading_ : 1 = true;
  bool past_check_due_ : 1 = false; // its timer is running
};

// Memory per idle connection is a feature; mind what is added.
static_assert(sizeof(connection) <= 1'112);

} // namespace roomcast::actors
