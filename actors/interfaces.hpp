#pragma once

#include "actors/batch.hpp"
#include "actors/presence_op.hpp"
#include "actors/timeline.hpp"
#include "core/close_code.hpp"
#include "core/error.hpp"
#include "core/ids.hpp"
#include "core/limits.hpp"
#include "core/position.hpp"
#include "core/room_name.hpp"
#include "core/slow_policy.hpp"
#include "wire/request.hpp"
#include "wire/roster.hpp"
#include "wire/stats_document.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// Every message between actors, and which actor takes it. All messages go one way; whoever asks is answered
/// by another message. None leaves the process.
namespace roomcast::actors {

// -- figures, for `roomcast stats` --------------------------------------------

/// An actor's answer to ask_figures: what it is doing, and its kind's own figures.
struct figures {
  wire::actor_figures actor;
  std::variant<std::monostate, wire::connection_figures, wire::room_figures, wire::bus_figures> own;
};

/// The bridge's answer to ask_cluster: every node that has a heartbeat.
struct cluster_figures {
  std::vector<wire::cluster_node> nodes;
};

/// How many `figures` the collector may expect from one group of actors; sent once per group.
struct expected_answers {
  size_t count;
};

/// The collector's own timer.
struct stats_deadline {};

/// Gathers one stats document.
using collector_actor = caf::typed_actor<
    caf::reacts_to<figures>, caf::reacts_to<cluster_figures>, caf::reacts_to<expected_answers>,
    caf::reacts_to<stats_deadline>>;

/// Asks any actor for its figures.
struct ask_figures {
  collector_actor collector;
};

// -- connection ----------------------------------------------------------------

/// What a joining connection wanted, so that the answer can be given in its own form.
struct join_purpose {
  wire::request_kind kind = wire::request_kind::subscribe; ///< subscribe, join or create
  std::string request_id;                                  ///< raw JSON, or empty: no answer wanted
  std::string user;                                        ///< raw JSON object, or empty
  std::string user_id;             ///< what tells users apart; empty with an empty user
  bool recoverable = false;        ///< deliveries shall carry their numbers
  std::optional<position> recover; ///< what came after this place first
  uint32_t newest = 0;             ///< so many of the newest messages first

  bool wants_past() const noexcept { return recover || newest > 0; }
};

/// Where a room keeps a member.
enum class member_slot : uint32_t {};
/// Of a connection that is no member yet.
constexpr member_slot no_slot{UINT32_MAX};

/// Events of a room for one member.
struct deliver {
  ref<batch> events;
};

/// Messages of the past for a member, as finished frames of its variant.
struct replay {
  shared_bytes frames;
  uint32_t count = 0;
  caf::strong_actor_ptr
      from; ///< the room, which wants to hear `replay_taken`; null: the last page, live events follow
};

/// The room took the connection in; from here on its events follow.
struct joined {
  room_name room; ///< the room's own instance: its deliveries carry the same
  member_slot
      slot; ///< comes back in `leave` and in a repeated `join`; no_slot while `past` is not the last page
  join_purpose purpose;
  std::shared_ptr<const wire::roster> who;             ///< where the purpose has a user
  slow_policy slow_consumer = slow_policy::disconnect; ///< what may happen to the room's waiting events
  variant spelling = variant::plain;                   ///< which frames of a batch are for it
  position at{};          ///< live messages follow from here; without history: none
  bool recovered = false; ///< all that `recover` asked for follows
  replay past;
};

/// The next page of the past for a member that is not live yet.
struct replayed {
  room_name room;
  member_slot slot; ///< no_slot while more pages follow
  replay past;
};

/// The connection's own timer while a page waits for its client to read.
struct replay_check {
  room_name room;
  caf::strong_actor_ptr from;
};

/// The join failed; the connection is no member.
struct refused {
  room_name room;
  join_purpose purpose;
  error why;
};

/// What became of a publish.
enum class publish_outcome : uint8_t {
  taken,       ///< the bus has it: every member will get it
  unavailable, ///< the bus did not take it
  unknown,     ///< no answer in time: members may or may not get it
};

/// The answer to a publish that asked for one, or that failed.
struct published {
  room_name room;
  std::string request_id; ///< as in the publish
  uint32_t settled;       ///< as in the publish: everything up to here is settled
  publish_outcome outcome;
  position at{};         ///< in the room's history, if it has one
  bool repeated = false; ///< the key was known: `at` is that of the first time
};

/// Messages of a room's past, oldest first.
struct history_answer {
  room_name room;
  std::string request_id;
  bool ok = false; ///< false: the bus did not answer
  position top{};  ///< without epoch: the room has no history
  std::vector<log_entry> entries;
  bool more = false; ///< there are older ones
};

/// Who is in a room, on all nodes.
struct presence_answer {
  room_name room;
  std::string request_id;
  bool ok; ///< false: the bus cannot say
  wire::roster who;
};

/// The room is gone by an internal error; its members are unsubscribed, and joins under way have failed.
struct room_lost {
  room_name room;
};

/// Ends the connection with a close frame.
struct close_connection {
  close_code code;
  std::string reason; ///< empty: the code's own
};

/// The connection's own timer while it does not read from a client that floods it.
struct flood_check {};

/// The connection's own timer while a request for a past waits for an earlier past.
struct past_check {};

/// Everything that a connection is told besides events, in one type: every handler costs every connection 46
/// bytes, and there are as many connections as clients.
using notice = std::variant<
    published, joined, replayed, replay_check, refused, presence_answer, history_answer, room_lost,
    close_connection, flood_check, past_check, ask_figures>;

/// One WebSocket connection. `deliver` first: handlers are tried in order, and this one is the hot one.
using connection_actor = caf::typed_actor<caf::reacts_to<deliver>, caf::reacts_to<notice>>;

// -- room ----------------------------------------------------------------------

/// Events from the bridge, in the order of the bus.
struct events {
  ref<event_batch> list;
};

/// All members have taken the batch in flight.
struct flushed {};

/// The bus confirmed the room's subscription: first, and again after each outage.
struct attached {
  uint32_t attempt; ///< as in `attach_room`: an answer to an earlier attempt is void
};

/// The bus is not available: no joins until `attached`.
struct bus_lost {};

/// The bridge cannot attach the room now.
struct attach_refused {
  uint32_t attempt;
};

/// A connection wants in. A member's repeated join replaces its user.
struct join {
  connection_actor member;
  connection_id id;
  room_name room;
  member_slot slot; ///< from an earlier `joined`, or no_slot
  join_purpose purpose;
  std::shared_ptr<const wire::roster> who{}; ///< the room's own: set once the bus knows the user
  ref<batch> meanwhile{};                    ///< the room's own: what came since `who` was read
  uint64_t behind = 0; ///< the room's own: what is kept behind this mark is for it; 0: nothing
  bool again = false;  ///< an earlier join was answered: there may be a seat, whatever `slot` says
};

/// A connection goes. Of somebody who is no member: ignored.
struct leave {
  connection_id id;
  room_name room;
  member_slot slot;   ///< from `joined`, or no_slot: the join is not answered yet
  std::string user;   ///< announced where the connection joined without one; may be empty
  std::string reason; ///< of the exit notice: empty, or `disconnect`
};

/// The lobby agrees: the room ends.
struct retire_ok {};

/// From now on the room ends as soon as it is empty, without lingering.
struct hurry {};

/// The room's own timer; void unless `generation` is the current one.
struct room_timeout {
  uint64_t generation;
};

/// What is read of a room's past, by its room.
enum class log_read : uint8_t {
  place,          ///< epoch and newest number; makes an epoch where there is none, or where the bus gave
                  ///< numbers up to `after` again
  entries,        ///< a page behind `after`
  entries_around, ///< the same, and where that ends with room left, the messages before it up to a hole
  new_epoch,      ///< a new epoch, if the bus is still in `after.epoch` and below `after.seq`; then as place
};

/// The answer to ask_log.
struct log_answer {
  log_read what;
  uint32_t ticket; ///< as asked
  bool ok = false; ///< false: the bus did not answer, or by an error
  log_page page;   ///< with what = place or new_epoch: only `top`
};

/// A member has room for the next page of the past.
struct replay_taken {
  connection_id id;
};

/// Reads that failed are to be tried again.
struct log_retry {};

/// The answer to a `change_presence` of the same ticket. Not ok: nobody knows what became of it.
struct presence_changed {
  uint32_t ticket;
  bool ok;
  std::shared_ptr<const wire::roster> who; ///< the first users behind the change, if anybody enters by it
};

/// The bus has forgotten what this node had told it of users: the room says it all again.
struct presence_lost {};

/// The room's own timer: something of its users is due.
struct presence_due {};

/// What a room is told now and then, in one type: every handler costs every room 46 bytes.
using room_notice = std::variant<
    attached, bus_lost, attach_refused, log_answer, replay_taken, log_retry, retire_ok, hurry, room_timeout,
    ask_figures, presence_changed, presence_lost, presence_due>;

/// A room that is active on this node.
using room_actor = caf::typed_actor<
    caf::reacts_to<events>, caf::reacts_to<flushed>, caf::reacts_to<join>, caf::reacts_to<leave>,
    caf::reacts_to<room_notice>>;

// -- lobby ---------------------------------------------------------------------

/// An empty room wants to end; `joins` is how many joins it has received in its life. The lobby answers
/// `retire_ok` only if it has forwarded exactly that many: otherwise a join is on its way, and the room goes
/// on.
struct retire {
  room_name room;
  room_actor from;
  uint64_t joins;
};

/// Ends all rooms as they become empty; `on_empty` is called once none is left.
struct drain_rooms {
  std::function<void()> on_empty;
};

/// Knows which rooms are active on this node: finds or makes the room of a join and passes the message on.
using lobby_actor = caf::typed_actor<
    caf::reacts_to<join>, caf::reacts_to<leave>, caf::reacts_to<retire>, caf::reacts_to<drain_rooms>,
    caf::reacts_to<ask_figures>>;

// -- bridge --------------------------------------------------------------------

/// One event for all members of a room on all nodes.
struct publish {
  room_name room;
  std::string text;           ///< JSON, as members receive it
  connection_id excluded{};   ///< this node's connection that gets no copy; 0: nobody
  connection_actor publisher; ///< gets `published`; null: nobody asks
  std::string request_id;     ///< comes back in `published`
  uint32_t settled = 0;       ///< comes back in `published`; of this connection's bytes, modulo 2^32
  bool answer = false;        ///< also when all went well
  bool is_notice = false;     ///< never part of the history
  std::string key;            ///< the same key again is the same publish; empty: none
};

/// Reads the past for a room; the answer is `log_answer`.
struct ask_log {
  room_name room;
  room_actor from;
  log_read what;
  uint32_t ticket;
  position after{};
  size_t page_bytes = limits::replay_page_bytes; ///< of text, at most; one message comes in any case
};

/// Reads the past for a client; the answer is `history_answer`.
struct ask_history {
  room_name room;
  connection_actor asker;
  std::string request_id;
  uint64_t before;  ///< only messages before this one; 0: the newest
  uint32_t limit;   ///< at most so many
  size_t max_bytes; ///< of text, at most; one message comes in any case
};

/// The room wants the events of its channel; the last room that attached under a name has it.
struct attach_room {
  room_name room;
  room_actor from;
  uint32_t attempt;
};

/// The room gives its channel up, unless another instance has attached since.
struct detach_room {
  room_name room;
  room_actor from;
};

/// What the room's users of this node have become. The bus tells the members on all nodes who came and who
/// went, and answers by `presence_changed`.
struct change_presence {
  room_name room;
  room_actor from; ///< null: nobody asks
  uint32_t ticket;
  bool whole; ///< whoever of this node is not named in `ops` is gone
  std::vector<presence_op> ops;
  bool last; ///< behind this, nobody of this node is in the room
};

/// Who is in the room? `after` is a user id in raw JSON: the page behind that user. The bus answers by
/// `presence_answer`.
struct ask_presence {
  connection_actor asker;
  room_name room;
  std::string request_id;
  std::string after;
};

/// This node's figures for the others; also tells the bus that the node lives.
struct heartbeat {
  wire::cluster_node self;
};

/// Which nodes are there?
struct ask_cluster {
  collector_actor collector;
};

/// The rooms have caught up: the bridge may take events again.
struct resume_events {};

/// Ends the bridge when all publishes are answered, or after limits::publish_timeout; then calls
/// `on_stopped`. With an empty `on_stopped` it is the bridge's own timer: that time is over.
struct stop_bridge {
  std::function<void()> on_stopped;
};

/// RedisBridge or LocalBridge: owns publish and subscribe. Nobody can tell which it talks to.
using bridge_actor = caf::typed_actor<
    caf::reacts_to<publish>, caf::reacts_to<attach_room>, caf::reacts_to<detach_room>,
    caf::reacts_to<ask_log>, caf::reacts_to<ask_history>, caf::reacts_to<change_presence>,
    caf::reacts_to<ask_presence>, caf::reacts_to<heartbeat>, caf::reacts_to<resume_events>,
    caf::reacts_to<ask_cluster>, caf::reacts_to<ask_figures>, caf::reacts_to<stop_bridge>>;

// -- node ----------------------------------------------------------------------

/// Which stats document is wanted.
enum class stats_view : uint8_t { node, rooms, connections, actors, cluster };

/// One stats request; `answer` is called once, on any thread, with the JSON document.
struct stats_query {
  stats_view view;
  std::function<void(std::string)> answer;
};

/// SIGTERM or SIGINT: the first drains, the second closes all connections now.
struct stop_node {};

/// Once a second: figures and heartbeat.
struct node_tick {};

/// The next step of a drain.
struct drain_step {};

/// The node's last room has ended.
struct rooms_gone {};

/// A bridge has nothing unanswered any more.
struct bridge_stopped {
  size_t which; ///< in bridge_ring::all()
};

/// The nodes that a look at the cluster has found.
struct cluster_seen {
  std::vector<wire::cluster_node> nodes;
};

/// The root: supervises, counts, drains.
using node_actor = caf::typed_actor<
    caf::reacts_to<stats_query>, caf::reacts_to<node_tick>, caf::reacts_to<stop_node>,
    caf::reacts_to<drain_step>, caf::reacts_to<rooms_gone>, caf::reacts_to<bridge_stopped>,
    caf::reacts_to<cluster_seen>, caf::reacts_to<ask_figures>>;

} // namespace roomcast::actors

// -- CAF: none of these leaves the process, so none can be serialised ------------

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roomcast::actors::figures)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roomcast::actors::cluster_figures)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roomcast::actors::expected_answers)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roomcast::actors::stats_deadline)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roomcast::actors::ask_figures)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roomcast::actors::deliver)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roomcast::actors::notice)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roomcast::actors::events)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roomcast::actors::flushed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roomcast::actors::join)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roomcast::actors::leave)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roomcast::actors::ask_presence)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roomcast::actors::change_presence)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roomcast::actors::room_notice)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roomcast::actors::retire)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roomcast::actors::drain_rooms)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roomcast::actors::publish)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roomcast::actors::attach_room)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roomcast::actors::detach_room)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roomcast::actors::ask_log)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roomcast::actors::ask_history)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roomcast::actors::heartbeat)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roomcast::actors::ask_cluster)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roomcast::actors::resume_events)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roomcast::actors::stop_bridge)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roomcast::actors::stats_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roomcast::actors::stop_node)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roomcast::actors::node_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roomcast::actors::drain_step)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roomcast::actors::rooms_gone)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roomcast::actors::bridge_stopped)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roomcast::actors::cluster_seen)
