#include "core/room_name.hpp"

#include "core/limits.hpp"
#include "core/utf8.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <string>

namespace roomcast {

room_name::storage::storage(std::string_view text) noexcept :
    size(static_cast<uint32_t>(text.size())), hash(std::hash<std::string_view>{}(text)) {
  std::memcpy(reinterpret_cast<char*>(this) + sizeof(storage), text.data(), text.size());
}

ref<room_name::storage> room_name::storage::make(std::string_view text) {
  return ref<storage>::adopt(new (::operator new(sizeof(storage) + text.size())) storage(text));
}

void room_name::storage::destroy(const storage* s) noexcept {
  s->~storage();
  ::operator delete(const_cast<storage*>(s));
}

std::optional<error> room_name::check(std::string_view text, size_t max_bytes) {
  if (text.empty()) return error{error_code::bad_room, "a room name has at least one character"};
  if (text.size() > max_bytes)
    return error{error_code::bad_room, "a room name has at most " + std::to_string(max_bytes) + " bytes"};
  if (!is_utf8(text)) return error{error_code::bad_room, "a room name is UTF-8"};
  auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (std::any_of(text.begin(), text.end(), control))
    return error{error_code::bad_room, "a room name has no control characters"};
  return std::nullopt;
}

result<room_name> room_name::parse(std::string_view text, size_t max_bytes) {
  if (auto complaint = check(text, max_bytes)) return *std::move(complaint);
  room_name name;
  name.text_ = storage::make(text);
  return name;
}

result<room_name> room_name::parse(std::string_view text) { return parse(text, limits::max_room_name_bytes); }

} // namespace roomcast
