#include "actors/connection.hpp"

#include "core/limits.hpp"
#include "net/io_thread.hpp"
#include "net/timer_wheel.hpp"
#include "net/ws_frame.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace roomcast::actors {
namespace {

const error no_member{error_code::not_member, "join the room first"};
const error too_fast{error_code::rate_limited, "too much in too short a time; send it again, slower"};

/// Whether the answer brings messages that were.
bool wants_past(const wire::request& wanted) noexcept {
  switch (wanted.kind) {
  case wire::request_kind::subscribe:
  case wire::request_kind::join:
  case wire::request_kind::create: return wanted.recover || wanted.newest > 0;
  default: return wanted.kind == wire::request_kind::history;
  }
}

/// Of a client's frame with a payload of so many bytes, RFC 6455 section 5.2.
constexpr size_t frame_bytes(size_t payload) noexcept {
  return net::frame_header_size(payload) + 4 + payload;
}

} // namespace

connection::connection(
    caf::actor_config& config, actor_host& host, const connection_services& services,
    std::unique_ptr<net::session> session, connection_id id, const wire::dialect& dialect) :
    io_actor(config, host.unit()),
    host_(host),
    services_(services),
    dialect_(dialect),
    session_(std::move(session)),
    id_(id),
    opened_s_(static_cast<uint32_t>(host.thread().timers().now_ms() / 1000)),
    place_(static_cast<uint32_t>(host.connections().size())),
    intake_(services.rates, host.thread().timers().now_ms()) {
  host_.enter(*this);
}

connection::behavior_type connection::make_behavior() {
  return {
      [this](const deliver& m) { on_events(*m.events); },
      [this](const notice& m) { std::visit([this](const auto& told) { on(told); }, m); },
  };
}

void connection::on_drained() {
  if (!session_) return;
  if (!open_) begin();
  session_->flush();
}

/// Not in the constructor: the session may hand over messages at once.
void connection::begin() {
  open_ = true;
  caf::intrusive_ptr_add_ref(ctrl()); // while the session is open nobody else has to hold us
  session_->start(*this);
}

void connection::warm_up() const noexcept {
  constexpr size_t session_bytes = 256;
  constexpr size_t cache_line = 64;
  const auto* session = reinterpret_cast<const char*>(session_.get());
  for (size_t offset = 0; offset < session_bytes; offset += cache_line) __builtin_prefetch(session + offset);
  __builtin_prefetch(rooms_.data());
}

void connection::on_exit() {
  leave_all();
  if (auto* moved = host_.leave(place_)) moved->moved_to(place_);
  session_->abort();
  // Perhaps one of the session's own handlers is on the stack: it is destroyed in a later one.
  host_.thread().post([given_away = std::shared_ptr<net::session>(std::move(session_))] {});
  if (!open_) return;
  open_ = false;
  caf::intrusive_ptr_release(ctrl());
}

// -- what the network says -------------------------------------------------------

void connection::on_message(std::string_view text) {
  ++handled_;
  traffic::add(host_.counted().messages_in, 1);
  traffic::add(host_.counted().bytes_in, text.size());
  if (within_rate(frame_bytes(text.size())))
    handle(text);
  else
    refuse(text);
}

/// Also what never becomes a message counts towards a flood: fragments, empty ones too, pings and pongs.
void connection::on_bytes(size_t bytes) {
  if (!services_.rates.any()) return;
  const auto now = host_.thread().timers().now_ms();
  intake_.came(bytes, now);
  pause_if_flooding(now);
}

/// Nothing is refused for a ping, since the session has answered it; it counts all the same.
void connection::on_control() { within_rate(0); }

std::string connection::gap_text(const room_name& room, uint64_t events) {
  std::string out;
  dialect_.gap(out, room.view(), events);
  return out;
}

void connection::on_closed(close_code) {
  leave_all();
  quit();
}

// -- what the client wants -------------------------------------------------------

bool connection::within_rate(size_t bytes) {
  const auto now = host_.thread().timers().now_ms();
  const bool within = intake_.within_rate(bytes, now);
  pause_if_flooding(now);
  return within;
}

void connection::pause_if_flooding(uint64_t now_ms) {
  if (!intake_.flood_begins(now_ms)) return;
  traffic::add(host_.counted().flood_pauses, 1);
  delayed_send(this, limits::flood_pause, notice{flood_check{}});
  update_reading();
}

void connection::on(const flood_check&) {
  ++handled_;
  if (!intake_.flood_over(host_.thread().timers().now_ms()))
    return delayed_send(this, limits::flood_pause, notice{flood_check{}});
  update_reading();
}

/// Decoded all the same: a program finds the request it was by its id.
void connection::refuse(std::string_view text) {
  traffic::add(host_.counted().rate_limited, 1);
  const auto decoded = dialect_.decode(text, services_.decode, host_.scratch());
  if (decoded)
    fail(too_fast, decoded->id, decoded->room);
  else
    fail(too_fast, decoded.failure().id, decoded.failure().room);
}

void connection::handle(std::string_view text) {
  auto decoded = dialect_.decode(text, services_.decode, host_.scratch());
  if (decoded)
    handle(*decoded, text);
  else
    fail(decoded.failure().what, decoded.failure().id, decoded.failure().room);
}

void connection::handle(const wire::request& wanted, std::string_view text) {
  if (must_wait(wanted)) return hold(text);
  switch (wanted.kind) {
  case wire::request_kind::publish: return publish_event(wanted);
  case wire::request_kind::subscribe:
  case wire::request_kind::join:
  case wire::request_kind::create: return join_room(wanted);
  case wire::request_kind::unsubscribe:
  case wire::request_kind::exit: return leave_room(wanted);
  case wire::request_kind::presence: return ask_who(wanted);
  case wire::request_kind::history: return ask_past(wanted);
  case wire::request_kind::ping: return pong(wanted);
  }
}

void connection::join_room(const wire::request& wanted) {
  if (services_.draining.load(std::memory_order_relaxed))
    return fail(
        {error_code::draining, "this node is draining; reconnect to another one"}, wanted.id, wanted.room);
  auto known = find(wanted.room);
  if (known == rooms_.end()) {
    if (rooms_.size() >= services_.max_rooms)
      return fail(
          {error_code::too_many_rooms,
           "at most " + std::to_string(services_.max_rooms) + " rooms per connection"},
          wanted.id, wanted.room);
    auto name = wanted.room.empty() ? room_name::parse(random_uuid())
                                    : room_name::parse(wanted.room, services_.decode.max_room_name_bytes);
    if (!name) return fail(name.failure(), wanted.id, wanted.room);
    rooms_.push_back({std::move(*name), no_slot, false, false, false});
    known = std::prev(rooms_.end());
  }
  known->joining = true;
  if (wants_past(wanted)) {
    known->past = true;
    intake_.past_begins();
  }
  join_purpose purpose{
      wanted.kind,
      std::string{wanted.id},
      std::string{wanted.user},
      std::string{wanted.user_id},
      wanted.recoverable,
      wanted.recover,
      wanted.newest};
  join request{this, id_, known->room, known->slot, std::move(purpose)};
  request.again = known->admitted;
  caf::anon_send(services_.lobby, std::move(request));
}

void connection::leave_room(const wire::request& wanted) {
  if (auto known = find(wanted.room); known != rooms_.end()) {
    send_leave(*known, wanted.user, "");
    if (known->past) intake_.past_ends();
    *known = std::move(rooms_.back());
    rooms_.pop_back();
  }
  ack(wanted.id, wanted.room);
}

void connection::publish_event(const wire::request& wanted) {
  const auto known = find(wanted.room);
  if (services_.members_only && known == rooms_.end()) return fail(no_member, wanted.id, wanted.room);
  auto name = known != rooms_.end() ? known->room
                                    : *room_name::parse(wanted.room, services_.decode.max_room_name_bytes);
  publish event{std::move(name), wire::event_text(wanted)};
  const auto receipt =
      intake_.published(event.text.size() + limits::publish_overhead_bytes, !wanted.id.empty());
  event.publisher = this;
  event.request_id = wanted.id;
  event.settled = receipt.position;
  event.answer = receipt.answer;
  event.key = wanted.key;
  caf::anon_send(services_.bridges.of(event.room), std::move(event));
  update_reading();
}

void connection::ask_who(const wire::request& wanted) {
  const auto known = find(wanted.room);
  if (services_.members_only && known == rooms_.end()) return fail(no_member, wanted.id, wanted.room);
  auto name = room_name::parse(wanted.room, services_.decode.max_room_name_bytes);
  if (!name) return fail(name.failure(), wanted.id, wanted.room);
  const auto& bridge = services_.bridges.of(*name);
  caf::anon_send(
      bridge, ask_presence{this, std::move(*name), std::string{wanted.id}, std::string{wanted.after}});
  intake_.asked();
  update_reading();
}

void connection::ask_past(const wire::request& wanted) {
  if (services_.members_only && find(wanted.room) == rooms_.end())
    return fail(no_member, wanted.id, wanted.room);
  auto name = room_name::parse(wanted.room, services_.decode.max_room_name_bytes);
  if (!name) return fail(name.failure(), wanted.id, wanted.room);
  const auto most = std::min(limits::max_history_answer_bytes, services_.max_queue_bytes / 2);
  const auto& bridge = services_.bridges.of(*name);
  caf::anon_send(
      bridge,
      ask_history{std::move(*name), this, std::string{wanted.id}, wanted.before, wanted.newest, most});
  intake_.asked();
  intake_.past_begins();
  update_reading();
}

void connection::pong(const wire::request& wanted) {
  send_text([&](std::string& out) { dialect_.pong(out, wanted.id); });
}

// -- helpers -----------------------------------------------------------------------

connection::memberships::iterator connection::find(std::string_view room) {
  return std::find_if(rooms_.begin(), rooms_.end(), [&](const membership& m) { return m.room == room; });
}

connection::memberships::iterator connection::find_instance(const room_name& room) {
  return std::find_if(
      rooms_.begin(), rooms_.end(), [&](const membership& m) { return m.room.same_instance(room); });
}

bool connection::is_joining(std::string_view room) {
  const auto known = find(room);
  return known != rooms_.end() && known->joining;
}

bool connection::must_wait(const wire::request& wanted) {
  if (is_joining(wanted.room)) return true;
  if (!wants_past(wanted) || !is_past_busy()) return false;
  wait_for_past();
  return true;
}

bool connection::is_past_busy() {
  return intake_.past_is_busy(session_->queued_bytes() <= services_.max_queue_bytes / 4);
}

void connection::wait_for_past() {
  if (past_check_due_) return;
  past_check_due_ = true;
  delayed_send(this, limits::replay_pause, notice{past_check{}});
}

/// The request that waited is handled now, or when the client has read.
void connection::end_past() {
  intake_.past_ends();
  release_held();
}

void connection::hold(std::string_view text) {
  intake_.hold(text);
  update_reading();
}

void connection::release_held() {
  if (const auto text = intake_.release()) handle(*text); // may be held once more
  update_reading();
}

void connection::update_reading() {
  const bool wanted = intake_.open();
  if (wanted == reading_) return;
  reading_ = wanted;
  if (wanted)
    session_->resume_reading();
  else {
    traffic::add(host_.counted().paused_reads, 1);
    session_->pause_reading();
  }
}

void connection::send_leave(const membership& from, std::string_view user, const char* reason) {
  caf::anon_send(services_.lobby, leave{id_, from.room, from.slot, std::string{user}, reason});
}

void connection::leave_all() {
  for (const auto& m : rooms_) send_leave(m, "", "disconnect");
  rooms_.clear();
}

void connection::ack(std::string_view id, std::string_view room, const wire::history_note& note) {
  if (!id.empty()) send_text([&](std::string& out) { dialect_.ack(out, id, room, note); });
}

void connection::fail(const error& what, std::string_view id, std::string_view room) {
  traffic::add(host_.counted().failed_requests, 1);
  send_text([&](std::string& out) { dialect_.failed(out, what, id, room); });
}

} // namespace roomcast::actors
