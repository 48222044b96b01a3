#include "wire/rooms_decode.hpp"

#include "core/limits.hpp"
#include "core/room_name.hpp"
#include "wire/json_text.hpp"
#include "wire/rooms_fields.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace roomcast::wire {
namespace {

enum class need : uint8_t { ignored, optional, required };

/// What one `type` asks for. Synonyms are rows of their own: what is delivered carries the type that was
/// sent.
struct request_type {
  std::string_view name;
  request_kind kind;
  need room;
  need user;
  bool message;
};

// The busiest first.
constexpr std::array<request_type, 14> request_types{{
    {"sendMessage", request_kind::publish, need::required, need::ignored, true},
    {"SEND_MESSAGE", request_kind::publish, need::required, need::ignored, true},
    {"publish", request_kind::publish, need::required, need::ignored, true},
    {"chat", request_kind::publish, need::required, need::required, true},
    {"ping", request_kind::ping, need::ignored, need::ignored, false},
    {"SUBSCRIBE", request_kind::subscribe, need::required, need::ignored, false},
    {"subscribe", request_kind::subscribe, need::required, need::ignored, false},
    {"UNSUBSCRIBE", request_kind::unsubscribe, need::required, need::ignored, false},
    {"unsubscribe", request_kind::unsubscribe, need::required, need::ignored, false},
    {"join", request_kind::join, need::required, need::required, false},
    {"exit", request_kind::exit, need::required, need::optional, false},
    {"create", request_kind::create, need::optional, need::required, false},
    {"presence", request_kind::presence, need::required, need::ignored, false},
    {"history", request_kind::history, need::required, need::ignored, false},
}};

const request_type* find_type(std::string_view name) noexcept {
  for (const auto& row : request_types)
    if (row.name == name) return &row;
  return nullptr;
}

/// At most `max_bytes` of `text`, cut between characters.
std::string cut(std::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return std::string{text};
  while (max_bytes > 0 && (text[max_bytes] & 0xC0) == 0x80) --max_bytes;
  return std::string{text.substr(0, max_bytes)} + "...";
}

/// One run of the decoder. Each step either goes on or leaves the reason in `failure_` and returns false.
class rooms_decoder {
public:
  rooms_decoder(const decode_limits& limits, std::string& scratch) noexcept :
      limits_(limits), scratch_(scratch) {}

  result<request, bad_request> run(std::string_view text) {
    const bool good = read(text) && take_id() && take_type() && take_room() && take_user() && take_rest();
    if (!good) return *std::move(failure_);
    return request_;
  }

private:
  bool read(std::string_view text);
  bool take_id();
  bool take_type();
  bool take_room();
  bool pick_room(std::string_view& text);
  bool take_user();
  bool take_rest();
  bool take_key();
  bool take_after();
  bool take_wish_for_past();
  bool take_recover();
  bool take_page();
  bool take_number(std::string_view raw, const char* name, uint64_t least, uint64_t& number);

  /// The text of a JSON string: in place where nothing is escaped, else in `keep`.
  static std::string_view plain(std::string_view quoted, std::string& keep);

  bool fail(error_code code, std::string message);
  bool fail(error what);

  const decode_limits& limits_;
  std::string& scratch_;
  rooms_fields fields_;
  const request_type* type_ = nullptr;
  request request_{};
  std::optional<bad_request> failure_;
};

bool rooms_decoder::read(std::string_view text) {
  json_scan scan{text, limits_.max_json_depth};
  fields_.read(scan);
  if (!scan.ok()) {
    const auto& [why, at] = scan.fault();
    return fail(error_code::bad_json, "not JSON at byte " + std::to_string(at) + ": " + std::string{why});
  }
  if (!scan.is_object())
    return fail(error_code::bad_request, R"(a request is a JSON object such as {"type":"ping"})");
  return true;
}

bool rooms_decoder::take_id() {
  if (!is_scalar(fields_.id))
    return fail(error_code::bad_request, "id must be a string, a number, true, false or null");
  if (fields_.id.size() > limits::max_id_bytes)
    return fail(
        error_code::too_large, "id has at most " + std::to_string(limits::max_id_bytes) + " bytes of JSON");
  request_.id = fields_.id;
  return true;
}

bool rooms_decoder::take_type() {
  if (fields_.type.empty()) return fail(error_code::bad_request, "type is missing");
  if (!is_string(fields_.type)) return fail(error_code::bad_request, "type must be a string");
  std::string keep;
  const auto name = plain(fields_.type, keep);
  type_ = find_type(name);
  if (type_) {
    request_.kind = type_->kind;
    request_.type = type_->name; // lives for ever, whether or not the text was escaped
    return true;
  }
  return fail(
      error_code::unknown_type, "unknown type \"" + cut(name, 32)
                                    + "\": use SUBSCRIBE, UNSUBSCRIBE, sendMessage, create, join, chat, "
                                      "exit, presence, history or ping");
}

bool rooms_decoder::take_room() {
  if (type_->room == need::ignored) return true;
  std::string_view text;
  if (!pick_room(text)) return false;
  if (text.data() == nullptr) {
    if (type_->room == need::optional) return true;
    return fail(error_code::bad_request, "room (or roomId) is missing");
  }
  if (auto complaint = room_name::check(text, limits_.max_room_name_bytes))
    return fail(*std::move(complaint));
  request_.room = text;
  return true;
}

/// `room` and `roomId` mean the same; both may be there if they agree. Null data: neither is.
bool rooms_decoder::pick_room(std::string_view& text) {
  const auto [room, room_id] = std::pair{fields_.room, fields_.room_id};
  if (!room.empty() && !is_string(room)) return fail(error_code::bad_request, "room must be a string");
  if (!room_id.empty() && !is_string(room_id))
    return fail(error_code::bad_request, "roomId must be a string");
  if (!room.empty()) text = plain(room, scratch_);
  if (room_id.empty()) return true;
  if (room.empty()) {
    text = plain(room_id, scratch_);
    return true;
  }
  std::string keep;
  if (plain(room_id, keep) == text) return true;
  return fail(error_code::bad_request, "room and roomId differ: send one of them");
}

bool rooms_decoder::take_user() {
  if (type_->user == need::ignored) return true;
  if (fields_.user.empty()) {
    if (type_->user == need::optional) return true;
    return fail(error_code::bad_request, "user is missing");
  }
  if (!is_object(fields_.user)) return fail(error_code::bad_request, "user must be an object");
  if (fields_.user.size() > limits::max_user_bytes)
    return fail(
        error_code::too_large,
        "user has at most " + std::to_string(limits::max_user_bytes) + " bytes of JSON");
  request_.user = fields_.user;
  request_.user_id = user_identity(fields_.user);
  return true;
}

bool rooms_decoder::take_rest() {
  if (type_->message) {
    if (fields_.message.empty()) return fail(error_code::bad_request, "message is missing");
    request_.message = fields_.message;
  }
  switch (type_->kind) {
  case request_kind::publish: return take_key();
  case request_kind::subscribe:
  case request_kind::join:
  case request_kind::create: return take_wish_for_past();
  case request_kind::history: return take_page();
  case request_kind::presence: return take_after();
  default: return true;
  }
}

/// The identity of a user, so no longer than a user: questions that wait for Redis are bounded by their
/// number.
bool rooms_decoder::take_after() {
  if (fields_.after.size() > limits::max_user_bytes)
    return fail(
        error_code::too_large,
        "after has at most " + std::to_string(limits::max_user_bytes) + " bytes of JSON");
  request_.after = fields_.after;
  return true;
}

bool rooms_decoder::take_key() {
  if (fields_.key.empty()) return true;
  if (!is_string(fields_.key) || fields_.key.size() == 2)
    return fail(error_code::bad_request, "key must be a string, and not empty");
  const auto inside = fields_.key.substr(1, fields_.key.size() - 2);
  if (inside.size() > limits::max_key_bytes)
    return fail(
        error_code::too_large, "key has at most " + std::to_string(limits::max_key_bytes) + " bytes of JSON");
  request_.key = inside;
  return true;
}

bool rooms_decoder::take_wish_for_past() {
  if (!fields_.recoverable.empty()) {
    if (fields_.recoverable != "true" && fields_.recoverable != "false")
      return fail(error_code::bad_request, "recoverable must be true or false");
    request_.recoverable = fields_.recoverable == "true";
  }
  if (!fields_.history.empty()) {
    uint64_t newest = 0;
    if (!take_number(fields_.history, "history", 0, newest)) return false;
    request_.newest = static_cast<uint32_t>(std::min<uint64_t>(newest, limits::max_history_messages));
  }
  return fields_.recover.empty() || take_recover();
}

/// An epoch that no node ever gave is no mistake of the request: there is nothing to recover then.
bool rooms_decoder::take_recover() {
  constexpr const char* form = R"(recover must be {"epoch":"...","seq":N} as an answer gave them)";
  if (!is_object(fields_.recover)) return fail(error_code::bad_request, form);
  std::string_view epoch;
  std::string_view seq;
  json_scan scan{fields_.recover, json_scan::depth_bound};
  for (json_member member; scan.next(member);) {
    if (member.key == "epoch") epoch = member.value;
    if (member.key == "seq") seq = member.value;
  }
  if (!is_string(epoch)) return fail(error_code::bad_request, form);
  position from;
  if (!take_number(seq, "seq of recover", 0, from.seq)) return false;
  from.epoch = parse_epoch(epoch.substr(1, epoch.size() - 2)).value_or(no_epoch);
  request_.recover = from;
  request_.recoverable = true; // what follows makes sense with numbers alone
  return true;
}

bool rooms_decoder::take_page() {
  uint64_t limit = limits::default_history_messages;
  if (!fields_.limit.empty() && !take_number(fields_.limit, "limit", 1, limit)) return false;
  if (!fields_.before.empty() && !take_number(fields_.before, "before", 1, request_.before)) return false;
  request_.newest = static_cast<uint32_t>(std::min<uint64_t>(limit, limits::max_history_messages));
  return true;
}

bool rooms_decoder::take_number(std::string_view raw, const char* name, uint64_t least, uint64_t& number) {
  constexpr uint64_t most = uint64_t{1} << 53; // what every JSON reader takes exactly
  const auto [stop, fault] = std::from_chars(raw.data(), raw.data() + raw.size(), number);
  if (fault == std::errc{} && stop == raw.data() + raw.size() && number >= least && number <= most)
    return true;
  return fail(
      error_code::bad_request,
      std::string{name} + " must be a whole number, at least " + std::to_string(least));
}

std::string_view rooms_decoder::plain(std::string_view quoted, std::string& keep) {
  const auto inside = quoted.substr(1, quoted.size() - 2);
  if (inside.find('\\') == inside.npos) return inside;
  keep.clear();
  append_unescaped(keep, quoted);
  return keep;
}

bool rooms_decoder::fail(error_code code, std::string message) {
  return fail(error{code, std::move(message)});
}

bool rooms_decoder::fail(error what) {
  failure_.emplace(bad_request{std::move(what), request_.id, request_.room});
  return false;
}

} // namespace

result<request, bad_request>
decode_rooms_request(std::string_view text, const decode_limits& limits, std::string& scratch) noexcept {
  return rooms_decoder{limits, scratch}.run(text);
}

} // namespace roomcast::wire
