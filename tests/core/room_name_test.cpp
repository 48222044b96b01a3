#define CAF_SUITE room_name
#include "core/room_name.hpp"

#include "core/limits.hpp"

#include <caf/test/dsl.hpp>

#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

using namespace roomcast;

namespace {

room_name named(std::string_view text) {
  auto name = room_name::parse(text);
  if (!name) CAF_FAIL("refused: " << std::string{text});
  return *std::move(name);
}

} // namespace

CAF_TEST(a name keeps its text) {
  const auto longest = std::string(limits::max_room_name_bytes, 'r');
  for (std::string text :
       {std::string{"r"}, std::string{"k\xC3\xB6ln \xF0\x9F\x8D\xBA"}, std::string{"\"\\{}/"}, longest})
    CAF_CHECK(named(text).view() == text);
}

CAF_TEST(bad names are refused with the reason) {
  struct row {
    std::string text, reason;
  };
  const std::vector<row> rows{
      {"", "a room name has at least one character"},
      {std::string(limits::max_room_name_bytes + 1, 'r'), "a room name has at most 255 bytes"},
      {"\xFF", "a room name is UTF-8"},
      {"half \xE2\x82", "a room name is UTF-8"},
      {std::string{"\0", 1}, "a room name has no control characters"},
      {"a\nb", "a room name has no control characters"},
      {"\x1F", "a room name has no control characters"},
      {"\x7F", "a room name has no control characters"}};
  for (const auto& [text, reason] : rows) {
    const auto name = room_name::parse(text);
    CAF_REQUIRE(!name);
    CAF_CHECK(name.failure().code == error_code::bad_room);
    CAF_CHECK_EQUAL(name.failure().message, reason);
    const auto complaint = room_name::check(text, limits::max_room_name_bytes);
    CAF_REQUIRE(complaint);
    CAF_CHECK_EQUAL(complaint->message, reason);
  }
}

CAF_TEST(the limit is the one that was configured) {
  CAF_CHECK(room_name::parse("abcd", 4).ok());
  CAF_CHECK(!room_name::parse("abcde", 4).ok());
  CAF_CHECK(room_name::parse(std::string(1'000, 'r'), 1'000).ok());
  CAF_CHECK(!room_name::check("abcd", 4));
  CAF_CHECK(room_name::check("abcde", 4));
}

CAF_TEST(names are equal by text and the same by storage) {
  const auto first = named("lobby");
  const auto copy = first;
  const auto second = named("lobby");
  CAF_CHECK(first == copy && first.same_instance(copy));
  CAF_CHECK(first == second && !first.same_instance(second));
  CAF_CHECK(first.hash() == second.hash());
  CAF_CHECK(first != named("Lobby"));
  CAF_CHECK(first == std::string_view{"lobby"});
}

CAF_TEST(no name is empty and false) {
  const room_name none;
  CAF_CHECK(!none);
  CAF_CHECK(none.view().empty());
  CAF_CHECK_EQUAL(none.hash(), 0u);
  CAF_CHECK(none == room_name{});
  CAF_CHECK(none != named("r"));
}

CAF_TEST(a name outlives the one it was copied from) {
  room_name survivor;
  {
    auto name = named("lobby");
    survivor = name;
    auto moved = std::move(name);
    CAF_CHECK(moved == survivor);
  }
  CAF_CHECK(survivor.view() == "lobby");
}

CAF_TEST(containers of names are searched by text) {
  std::unordered_set<room_name, room_name_hash, room_name_equal> rooms{named("a"), named("b")};
  CAF_CHECK(rooms.find(std::string_view{"a"}) != rooms.end());
  CAF_CHECK(rooms.find(std::string_view{"c"}) == rooms.end());
  CAF_CHECK(rooms.count(named("b")) == 1);
}
