#include "actors/batch.hpp"

#include "actors/interfaces.hpp"
#include "net/ws_frame.hpp"
#include "wire/dialect.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include <algorithm>

namespace roomcast::actors {

batch::~batch() {
  if (owner_) caf::anon_send(caf::actor_cast<room_actor>(owner_), flushed{});
}

void batch::let_go() noexcept {
  owner_ = nullptr;
  for (auto& [frames, cuts, count] : spellings_) {
    frames = {};
    cuts.clear();
  }
  credit_ = {};
}

bool batch::excludes(connection_id member) const noexcept {
  const auto is_theirs = [member](const cut& c) { return c.member == member; };
  return std::any_of(spellings_.begin(), spellings_.end(), [&](const spelling& s) {
    return std::any_of(s.cuts.begin(), s.cuts.end(), is_theirs);
  });
}

batch::share batch::share_of(connection_id member, variant which) const {
  const auto& [frames, cuts, all] = of(which);
  if (!excludes(member)) return {frames, all};
  bytes_builder own{frames.size()};
  uint32_t begin = 0;
  uint32_t count = all;
  for (const auto& c : cuts) {
    if (c.member != member) continue;
    own.append(frames.view().substr(begin, c.begin - begin));
    begin = c.end;
    --count;
  }
  own.append(frames.view().substr(begin));
  return {own.finish(), count};
}

void batch_builder::reserve(size_t texts, size_t bytes) {
  constexpr size_t longest_header = 10;
  constexpr size_t longest_number = 28; // `,"seq":` and 20 digits
  for (size_t i = 0; i < spellings_.size(); ++i)
    if (wanted_[i] && spellings_[i].frames.empty())
      spellings_[i].frames.reserve(bytes + texts * (longest_header + i * longest_number));
}

void batch_builder::append(std::string_view text, uint64_t seq, connection_id excluded) {
  append_to(variant::plain, text, excluded);
  if (seq == 0) return append_to(variant::numbered, text, excluded);
  if (!wanted_[static_cast<size_t>(variant::numbered)]) return;
  scratch_.clear();
  wire::append_numbered(scratch_, text, seq);
  append_to(variant::numbered, scratch_, excluded);
}

void batch_builder::append_numbered_only(std::string_view text) {
  append_to(variant::numbered, text, connection_id{});
}

void batch_builder::append_to(variant which, std::string_view text, connection_id excluded) {
  if (!wanted_[static_cast<size_t>(which)]) return;
  auto& [frames, cuts, count] = spellings_[static_cast<size_t>(which)];
  const auto begin = static_cast<uint32_t>(frames.size());
  ++count;
  net::append_frame(frames, net::opcode::text, text);
  if (excluded != connection_id{}) cuts.push_back({excluded, begin, static_cast<uint32_t>(frames.size())});
}

size_t batch_builder::bytes() const noexcept {
  return std::max(spellings_[0].frames.size(), spellings_[1].frames.size());
}

ref<batch> batch_builder::seal(const room_name& room, caf::strong_actor_ptr owner, ref<batch> used) {
  auto sealed = used ? std::move(used) : ref<batch>::adopt(new batch(room));
  sealed->owner_ = std::move(owner);
  for (size_t i = 0; i < spellings_.size(); ++i) {
    sealed->spellings_[i].frames = spellings_[i].frames.finish();
    sealed->spellings_[i].cuts.swap(spellings_[i].cuts);
    sealed->spellings_[i].count = std::exchange(spellings_[i].count, 0);
  }
  sealed->credit_ = std::exchange(credit_, {});
  return sealed;
}

} // namespace roomcast::actors
