#include "actors/redis_log.hpp"

#include "actors/redis_log_scripts.hpp"
#include "core/limits.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace roomcast::actors {

namespace {

const lua_script publish_script{lua::publish};
const lua_script place_script{lua::place};
const lua_script entries_script{std::string{lua::entries}};
const lua_script history_script{std::string{lua::history}};

uint64_t number(std::string_view text) noexcept {
  uint64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

std::string milliseconds(std::chrono::milliseconds time) { return std::to_string(time.count()); }

position place_of(std::string_view epoch, std::string_view seq) {
  return {parse_epoch(epoch).value_or(no_epoch), number(seq)};
}

/// Pairs of a stream id `SEQ-0` and a text, behind `first`; their texts share one block.
std::vector<log_entry> entries_of(const net::resp_value& reply, size_t first) {
  struct place {
    uint64_t seq;
    size_t begin;
    size_t size;
  };
  std::vector<place> places;
  bytes_builder texts;
  size_t at = 0;
  uint64_t seq = 0;
  for (const auto item : reply) {
    if (at++ < first) continue;
    if ((at - first) % 2 == 1) {
      seq = number(item.text().substr(0, item.text().find('-')));
    } else {
      places.push_back({seq, texts.size(), item.text().size()});
      texts.append(item.text());
    }
  }
  const auto block = texts.finish();
  std::vector<log_entry> entries;
  entries.reserve(places.size());
  for (const auto& p : places) entries.push_back({p.seq, block.slice(p.begin, p.size)});
  return entries;
}

/// Null for an error and for what has fewer than `least` elements.
const net::resp_value* usable(const net::resp_value* reply, size_t least) {
  return reply && reply->size() >= least ? reply : nullptr;
}

/// The messages from `after` on downwards come behind the others.
void put_older_first(log_page& page) {
  auto& all = page.entries;
  const auto older =
      std::find_if(all.begin(), all.end(), [&](const log_entry& e) { return e.seq <= page.after; });
  if (older == all.end()) return;
  page.after = all.back().seq - 1;
  std::reverse(older, all.end());
  std::rotate(all.begin(), older, all.end());
}

/// The place that was read; none if nothing was.
position answer(const ask_log& asked, const net::resp_value* reply) {
  const bool entries = asked.what == log_read::entries || asked.what == log_read::entries_around;
  log_answer out{asked.what, asked.ticket};
  if (const auto* said = usable(reply, entries ? 3 : 2)) {
    out.ok = true;
    out.page.top = place_of((*said)[0].text(), (*said)[1].text());
    out.page.after = asked.after.seq;
    if (entries) {
      out.page.more = (*said)[2].text() == "1";
      out.page.entries = entries_of(*said, 3);
      put_older_first(out.page);
    }
  }
  const auto top = out.page.top;
  caf::anon_send(asked.from, room_notice{std::move(out)});
  return top;
}

void answer(const ask_history& asked, const net::resp_value* reply) {
  history_answer out{asked.room, asked.request_id};
  if (const auto* said = usable(reply, 3)) {
    out.ok = true;
    out.top = place_of((*said)[0].text(), (*said)[1].text());
    out.more = (*said)[2].text() == "1";
    out.entries = entries_of(*said, 3);
    std::reverse(out.entries.begin(), out.entries.end());
  }
  caf::anon_send(asked.asker, notice{std::move(out)});
}

} // namespace

redis_log::redis_log(net::redis_bus& bus, script_runner& scripts, std::string prefix) :
    bus_(bus), scripts_(scripts), prefix_(std::move(prefix)) {}

std::string redis_log::key(std::string_view kind, const room_name& room) const {
  std::string out;
  out.reserve(prefix_.size() + kind.size() + room.view().size() + 3);
  return out.append(prefix_).append(kind).append(":{").append(room.view()).append("}");
}

std::vector<std::string> redis_log::keys_of(const room_name& room) const {
  return {key("meta", room), key("log", room)};
}

// -- publishing ------------------------------------------------------------------

void redis_log::publish(
    const actors::publish& message, const history_rule& rule, std::string_view channel, uint64_t cookie,
    bool by_text) {
  by_text = by_text || publish_script.sha1.empty();
  const auto meta = key("meta", message.room);
  const auto log = key("log", message.room);
  const auto once = message.key.empty() ? std::string{} : key("key", message.room) + ':' + message.key;
  const auto size = std::to_string(rule.size);
  const auto ttl = milliseconds(rule.ttl);
  const auto place_ttl = milliseconds(limits::history_position_ttl);
  const auto key_ttl = milliseconds(limits::publish_key_ttl);
  const auto epoch = to_string(random_epoch()); // taken if the room has none
  const auto known = known_.find(message.room);
  const auto newest = known == known_.end() ? position{} : known->second.newest;
  const auto newest_epoch = newest ? to_string(newest.epoch) : std::string{};
  const auto newest_seq = std::to_string(newest.seq);
  const auto ticket = std::to_string(cookie);
  const bool introduce = !introduced_.contains(message.room);
  std::array<std::string_view, 17> words{
      by_text ? "EVAL" : "EVALSHA", by_text ? publish_script.text : publish_script.sha1,
      once.empty() ? "2" : "3", meta, log};
  size_t count = 5;
  if (!once.empty()) words[count++] = once;
  for (std::string_view word :
       {channel, std::string_view{message.text}, std::string_view{size}, std::string_view{ttl},
        std::string_view{epoch}, std::string_view{place_ttl}, std::string_view{key_ttl},
        std::string_view{newest_epoch}, std::string_view{newest_seq}, std::string_view{introduce ? "1" : "0"},
        std::string_view{ticket}})
    words[count++] = word;
  bus_.publish_command({words.data(), count}, cookie);
}

void redis_log::publish_once(
    const room_name& room, std::string_view key, std::string_view channel, std::string_view payload,
    uint64_t cookie) {
  const auto once = this->key("key", room).append(":").append(key);
  const auto ttl = milliseconds(limits::publish_key_ttl);
  // Always as text: a script that Redis did not know would let the publisher's next message overtake.
  bus_.publish_command(
      std::array<std::string_view, 7>{"EVAL", lua::publish_once, "1", once, channel, payload, ttl}, cookie);
}

void redis_log::took(const room_name& room) {
  if (!ready_) return;
  if (introduced_.size() >= limits::max_introduced_rooms) introduced_.clear();
  introduced_.insert(room);
}

void redis_log::saw(const room_name& room, position at) {
  const auto known = known_.find(room);
  if (known == known_.end()) return;
  auto& newest = known->second.newest;
  if (newest.epoch != at.epoch || newest.seq < at.seq) newest = at;
}

bool redis_log::read_outcome(const net::resp_value& reply, uint64_t cookie, position& at, bool& repeated) {
  auto text = reply.text(); // EPOCH SEQ R TICKET
  const auto ticket = ' ' + std::to_string(cookie);
  if (!text.ends_with(ticket)) return false;
  text.remove_suffix(ticket.size());
  if (text.size() < 20 || text[16] != ' ' || text[text.size() - 2] != ' ') return false;
  at = place_of(text.substr(0, 16), text.substr(17));
  repeated = text.back() == '1';
  return static_cast<bool>(at);
}

bool redis_log::read_once(const net::resp_value& reply, bool& repeated) {
  repeated = reply.text() == "0";
  return reply.type() == net::resp_type::integer && reply.text().size() == 1;
}

// -- reading ---------------------------------------------------------------------

void redis_log::ask(const ask_log& request) {
  if (request.what == log_read::entries || request.what == log_read::entries_around) {
    script_call call{
        &entries_script,
        keys_of(request.room),
        {std::to_string(request.after.seq), std::to_string(request.page_bytes)}};
    if (request.what == log_read::entries_around) call.arguments.emplace_back("1");
    return scripts_.run(std::move(call), [this, request](const net::resp_value* reply) {
      if (const auto top = answer(request, reply)) saw(request.room, top);
    });
  }
  script_call call{
      &place_script,
      keys_of(request.room),
      {to_string(random_epoch()), milliseconds(limits::history_position_ttl)}};
  if (request.after) {
    const auto known = known_.find(request.room);
    call.arguments.push_back(to_string(request.after.epoch));
    call.arguments.push_back(std::to_string(request.after.seq));
    call.arguments.push_back(known == known_.end() ? std::string{} : known->second.run);
  }
  scripts_.run(
      std::move(call), [this, request](const net::resp_value* reply) { answer_place(request, reply); });
}

void redis_log::answer_place(const ask_log& request, const net::resp_value* reply) {
  const auto top = answer(request, reply);
  if (!top) return;
  saw(request.room, top);
  if (const auto known = known_.find(request.room); known != known_.end())
    known->second.run = (*reply)[2].text();
}

void redis_log::ask(ask_history& request) {
  if (reading_ >= limits::max_history_reads && waiting_.size() >= limits::max_waiting_history) {
    ++refused_;
    return answer(request, nullptr);
  }
  waiting_.push_back(std::move(request));
  read_next();
}

void redis_log::read_next() {
  if (std::exchange(starting_, true)) return; // from within: an answer that came at once
  while (reading_ < limits::max_history_reads && !waiting_.empty()) {
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    ++reading_;
    read(std::move(next));
  }
  starting_ = false;
}

void redis_log::read(ask_history request) {
  script_call call{
      &history_script,
      keys_of(request.room),
      {std::to_string(request.before), std::to_string(request.limit), std::to_string(request.max_bytes)}};
  scripts_.run(std::move(call), [this, asked = std::move(request)](const net::resp_value* reply) {
    answer(asked, reply);
    --reading_;
    read_next();
  });
}

} // namespace roomcast::actors
