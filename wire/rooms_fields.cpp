#include "wire/rooms_fields.hpp"

#include "wire/json_text.hpp"

#include <string>

namespace roomcast::wire {
namespace {

/// Where the value of `key` goes; null for a member that nobody asked for.
std::string_view* slot(rooms_fields& fields, std::string_view key) noexcept {
  switch (key.size()) { // tells most keys apart
  case 2: return key == "id" ? &fields.id : nullptr;
  case 3: return key == "key" ? &fields.key : nullptr;
  case 4:
    return key == "type"   ? &fields.type
           : key == "room" ? &fields.room
           : key == "user" ? &fields.user
                           : nullptr;
  case 5: return key == "after" ? &fields.after : key == "limit" ? &fields.limit : nullptr;
  case 6: return key == "roomId" ? &fields.room_id : key == "before" ? &fields.before : nullptr;
  case 7:
    return key == "message"   ? &fields.message
           : key == "history" ? &fields.history
           : key == "recover" ? &fields.recover
                              : nullptr;
  case 11: return key == "recoverable" ? &fields.recoverable : nullptr;
  default: return nullptr;
  }
}

std::string unescaped_key(const json_member& member) {
  std::string key;
  append_unescaped(key, {member.key.data() - 1, member.key.size() + 2});
  return key;
}

} // namespace

void rooms_fields::read(json_scan& scan) {
  json_member member;
  while (scan.next(member)) {
    auto* place = member.key_escaped ? slot(*this, unescaped_key(member)) : slot(*this, member.key);
    if (place) *place = member.value;
  }
}

std::string_view user_identity(std::string_view user) {
  json_scan scan{user, json_scan::depth_bound};
  json_member member;
  std::string_view identity = user;
  while (scan.next(member))
    if (member.key_escaped ? unescaped_key(member) == "id" : member.key == "id") identity = member.value;
  return identity;
}

} // namespace roomcast::wire
