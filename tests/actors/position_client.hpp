#pragma once

#include "tests/actors/position_reader.hpp"
#include "tests/actors/support.hpp"

#include <deque>

namespace roomcast::actors {

/// A client that comes and goes; as the connection of one life.
struct position_client {
  position_client(position_ledger& ledger, bool strict, lines& trace) :
      reader(ledger, strict), trace_(trace) {}

  connection_id id{};
  size_t node = 0;
  connection_actor handle;
  bool joining = false;
  bool in = false;
  position_reader::wish asked;
  room_name instance;
  member_slot slot = no_slot;
  variant spelling = variant::plain;
  position_reader reader;
  std::vector<position> held; // places that it has had
  std::deque<ref<batch>> unsent;
  std::deque<caf::strong_actor_ptr> pages_from;

  void hear(const joined& m) {
    if (!joining) return;
    note("joined at " + std::to_string(m.at.seq) + (m.recovered ? " recovered" : ""));
    reader.joined(asked, m.at, m.recovered, in);
    joining = false;
    in = true;
    instance = m.room;
    slot = m.slot;
    spelling = m.spelling;
    take(m.past);
    reader.first_page_ends();
  }
  void hear(const replayed& m) {
    if (!in || !instance.same_instance(m.room)) return;
    if (m.slot != no_slot) slot = m.slot;
    take(m.past);
  }
  void hear(const refused&) {
    note("refused");
    joining = false;
  }
  template <class Other> void hear(const Other&) {}
  void hear(const deliver& m) {
    if (!in || !instance.same_instance(m.events->room())) return;
    take(m.events->share_of(id, spelling).frames);
    unsent.push_back(m.events);
  }

private:
  void take(const replay& past) {
    take(past.frames);
    if (!past.from) return;
    note("more to come");
    pages_from.push_back(past.from);
  }
  void take(const shared_bytes& frames) {
    for (const auto& text : texts_of(frames.view())) {
      note(text);
      reader.hear(text);
    }
  }
  void note(const std::string& what) {
    trace_.push_back("        client " + std::to_string(value(id)) + " < " + what);
  }

  lines& trace_;
};

} // namespace roomcast::actors
