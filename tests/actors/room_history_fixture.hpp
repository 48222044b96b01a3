#pragma once

#include "actors/room_history.hpp"

#include "actors/room.hpp"
#include "core/limits.hpp"
#include "tests/actors/probes.hpp"

using namespace roomcast;
using namespace roomcast::actors;

namespace {

constexpr epoch_id epoch{0xE};
constexpr epoch_id other_epoch{0xF};

/// A room with history, its bus by hand.
struct fixture : actor_fixture {
  bridge_probe bridge{*this};
  lobby_probe lobby{*this};
  member_probe ann{*this, 1};
  member_probe bob{*this, 2};
  member_probe eve{*this, 3};
  room_name name = named("r");
  room_actor handle = own(sys.spawn<room>(
      unit(), name, bridge.handle, lobby.handle, room_options{1s, slow_policy::disconnect, {100, 1h}}));

  static std::string text_of(uint64_t seq) { return R"({"n":)" + std::to_string(seq) + "}"; }
  static std::string numbered(uint64_t seq) {
    return R"({"n":)" + std::to_string(seq) + R"(,"seq":)" + std::to_string(seq) + "}";
  }
  static lines all_numbered(uint64_t from, uint64_t to) {
    lines out;
    for (; from <= to; ++from) out.push_back(numbered(from));
    return out;
  }

  void confirm() { tell(handle, room_notice{attached{bridge.attach().attempt}}); }
  void answer_place(position top) {
    const auto asked = bridge.next_log_question();
    CAF_CHECK(asked.what == log_read::place);
    tell(handle, room_notice{log_answer{asked.what, asked.ticket, true, {top}}});
  }
  /// The oldest read of entries gets these.
  void answer_entries(uint64_t top, uint64_t from, uint64_t to, bool more = false, epoch_id e = epoch) {
    const auto asked = bridge.next_log_question();
    CAF_CHECK(asked.what == log_read::entries || asked.what == log_read::entries_around);
    log_page page{{e, top}, asked.after.seq, {}, more};
    for (; from <= to; ++from) page.entries.push_back({from, shared_bytes{text_of(from)}});
    tell(handle, room_notice{log_answer{asked.what, asked.ticket, true, std::move(page)}});
  }
  void happens(uint64_t from, uint64_t to, epoch_id e = epoch) {
    for (; from <= to; ++from) tell(handle, events_of({{text_of(from), {}, {e, from}}}));
  }

  static join_purpose plain() { return {}; }
  static join_purpose recoverable() {
    join_purpose purpose;
    purpose.recoverable = true;
    return purpose;
  }
  static join_purpose recover(uint64_t seq, epoch_id e = epoch) {
    auto purpose = recoverable();
    purpose.recover = position{e, seq};
    return purpose;
  }
  static join_purpose newest(uint32_t count) {
    join_purpose purpose;
    purpose.newest = count;
    return purpose;
  }

  /// Live, with eve in it, at this number.
  void live_at(uint64_t seq) {
    tell(handle, eve.wants(name, recoverable()));
    confirm();
    answer_place({epoch, seq});
    eve.heard();
    bridge.heard();
  }
  void joins(member_probe& who, join_purpose purpose) { tell(handle, who.wants(name, std::move(purpose))); }
  /// Of a live room at 9: ann has its first three messages, and more follow when she has read them.
  void ann_reads_the_past() {
    live_at(9);
    joins(ann, recover(0));
    answer_entries(9, 1, 3, true);
    ann.heard();
  }
  /// With a user, whom the bus knows then.
  void enters(member_probe& who, uint32_t count = 0) {
    auto purpose = as_user("u");
    purpose.newest = count;
    joins(who, std::move(purpose));
    tell(
        handle,
        room_notice{presence_changed{bridge.change().ticket, true, std::make_shared<const wire::roster>()}});
  }
};

inline lines operator+(lines a, const lines& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

} // namespace
