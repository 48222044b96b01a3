#include "wire/dialect.hpp"
#include "wire/json_text.hpp"

namespace roomcast::wire {
namespace {

constexpr std::string_view type_key = R"({"type":)";
constexpr std::string_view room_key = R"(,"roomId":)";
constexpr std::string_view user_key = R"(,"user":)";
constexpr std::string_view message_key = R"(,"message":)";
constexpr std::string_view reason_key = R"(,"reason":)";

/// An event in its fixed order. `user` and `message` are raw JSON, the others text; empty ones are left out.
struct event {
  std::string_view type;
  std::string_view room;
  std::string_view user;
  std::string_view message;
  std::string_view reason;

  size_t size() const noexcept {
    size_t n = type_key.size() + json_string_size(type) + room_key.size() + json_string_size(room) + 1;
    if (!user.empty()) n += user_key.size() + user.size();
    if (!message.empty()) n += message_key.size() + message.size();
    if (!reason.empty()) n += reason_key.size() + json_string_size(reason);
    return n;
  }

  /// One allocation of exactly the size needed: every message of every room passes here.
  std::string text() const {
    std::string out;
    out.reserve(size());
    append_json_string(out += type_key, type);
    append_json_string(out += room_key, room);
    if (!user.empty()) (out += user_key) += user;
    if (!message.empty()) (out += message_key) += message;
    if (!reason.empty()) append_json_string(out += reason_key, reason);
    out += '}';
    return out;
  }
};

} // namespace

std::string event_text(const request& publication) {
  return event{publication.type, publication.room, publication.user, publication.message, {}}.text();
}

std::string gap_notice(std::string_view room, epoch_id epoch, uint64_t from, uint64_t to) {
  std::string out;
  append_json_string(out += R"({"type":"gap","room":)", room);
  ((out += R"(,"epoch":")") += to_string(epoch)) += '"';
  (out += R"(,"from":)") += std::to_string(from);
  ((out += R"(,"to":)") += std::to_string(to)) += '}';
  return out;
}

void append_numbered(std::string& out, std::string_view text, uint64_t seq) {
  out.append(text, 0, text.size() - 1);
  ((out += R"(,"seq":)") += std::to_string(seq)) += '}';
}

std::string join_notice(std::string_view room, std::string_view user) {
  return event{"join", room, user, {}, {}}.text();
}

std::string exit_notice(std::string_view room, std::string_view user, std::string_view reason) {
  return event{"exit", room, user, {}, reason}.text();
}

} // namespace roomcast::wire
