#define CAF_SUITE rooms_encode
#include "wire/dialect.hpp"

#include <caf/test/dsl.hpp>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

using namespace roomcast;
using namespace roomcast::wire;

namespace {

/// What one encoder appends.
template <class... Args>
std::string encoded(void (dialect::*encoder)(std::string&, Args...) const, std::common_type_t<Args>... args) {
  std::string out = "before ";
  (rooms_dialect().*encoder)(out, args...);
  return out.substr(7);
}

const std::string odd_room = "a\"b\\c \xF0\x9F\x8D\xBA";
const std::string odd_room_json = "\"a\\\"b\\\\c \xF0\x9F\x8D\xBA\"";

request
publication(std::string_view type, std::string_view room, std::string_view user, std::string_view message) {
  return {.kind = request_kind::publish, .type = type, .room = room, .user = user, .message = message};
}

} // namespace

CAF_TEST(the dialect has a name) { CAF_CHECK(rooms_dialect().name() == "rooms"); }

CAF_TEST(an ack names the request and the room) {
  CAF_CHECK_EQUAL(encoded(&dialect::ack, "7", "r", {}), R"({"type":"ack","id":7,"room":"r"})");
  CAF_CHECK_EQUAL(encoded(&dialect::ack, R"("a")", "", {}), R"({"type":"ack","id":"a"})");
  CAF_CHECK_EQUAL(
      encoded(&dialect::ack, "null", odd_room, {}),
      R"({"type":"ack","id":null,"room":)" + odd_room_json + "}");
}

CAF_TEST(a pong carries the id if there was one) {
  CAF_CHECK_EQUAL(encoded(&dialect::pong, ""), R"({"type":"pong"})");
  CAF_CHECK_EQUAL(encoded(&dialect::pong, "1.50"), R"({"type":"pong","id":1.50})");
}

CAF_TEST(a created room is answered with its name and user) {
  CAF_CHECK_EQUAL(
      encoded(&dialect::created, "", "r", R"({ "id":1 })", {}),
      R"({"type":"create","roomId":"r","user":{ "id":1 }})");
  CAF_CHECK_EQUAL(
      encoded(&dialect::created, "7", odd_room, "{}", {}),
      R"({"type":"create","roomId":)" + odd_room_json + R"(,"user":{},"id":7})");
}

CAF_TEST(joined lists who is there) {
  const roster two{2, {R"({"id":1})", R"({"id": 2})"}, false};
  CAF_CHECK_EQUAL(
      encoded(&dialect::joined, "", "r", two, {}),
      R"({"type":"joined","roomId":"r","count":2,"users":[{"id":1},{"id": 2}]})");
  const roster page{18'446'744'073'709'551'615u, {R"({"id":1})"}, true};
  CAF_CHECK_EQUAL(
      encoded(&dialect::joined, "\"x\"", "r", page, {}),
      R"({"type":"joined","roomId":"r","count":18446744073709551615,"users":[{"id":1}],"more":true,"id":"x"})");
}

CAF_TEST(presence lists who is there) {
  CAF_CHECK_EQUAL(
      encoded(&dialect::presence, "", "r", roster{}),
      R"({"type":"presence","room":"r","count":0,"users":[]})");
  CAF_CHECK_EQUAL(
      encoded(&dialect::presence, "3", odd_room, roster{5, {"{}"}, true}),
      R"({"type":"presence","room":)" + odd_room_json + R"(,"count":5,"users":[{}],"more":true,"id":3})");
}

// -- history ------------------------------------------------------------------

CAF_TEST(answers say what was asked about the history and nothing else) {
  const position at{epoch_id{0xABC}, 7};
  CAF_CHECK_EQUAL(
      encoded(&dialect::ack, "1", "r", history_note{at}),
      R"({"type":"ack","id":1,"room":"r","epoch":"0000000000000abc","seq":7})");
  CAF_CHECK_EQUAL(
      encoded(&dialect::ack, "1", "r", (history_note{at, {}, {}, true})),
      R"({"type":"ack","id":1,"room":"r","epoch":"0000000000000abc","seq":7,"repeated":true})");
  CAF_CHECK_EQUAL(
      encoded(&dialect::ack, "1", "r", (history_note{at, true, false})),
      R"({"type":"ack","id":1,"room":"r","recoverable":true,"recovered":false,"epoch":"0000000000000abc","seq":7})");
  CAF_CHECK_EQUAL(
      encoded(&dialect::created, "", "r", "{}", (history_note{{}, false})),
      R"({"type":"create","roomId":"r","user":{},"recoverable":false})");
  CAF_CHECK_EQUAL(
      encoded(&dialect::joined, "", "r", roster{}, (history_note{{}, false, false})),
      R"({"type":"joined","roomId":"r","count":0,"users":[],"recoverable":false,"recovered":false})");
}

CAF_TEST(a page of history numbers its messages) {
  history_page page{epoch_id{1}, {{4, R"({"type":"publish","message":1})"}, {5, R"({"a":{}})"}}, true};
  CAF_CHECK_EQUAL(
      encoded(&dialect::history, "9", "r", page),
      R"({"type":"history","room":"r","epoch":"0000000000000001","messages":[{"type":"publish","message":1,"seq":4},{"a":{},"seq":5}],"more":true,"id":9})");
  CAF_CHECK_EQUAL(
      encoded(&dialect::history, "", odd_room, history_page{}),
      R"({"type":"history","room":)" + odd_room_json + R"(,"messages":[],"more":false})");
}

CAF_TEST(a gap names the messages that nobody gets) {
  CAF_CHECK_EQUAL(
      gap_notice(odd_room, epoch_id{255}, 3, 18),
      R"({"type":"gap","room":)" + odd_room_json + R"(,"epoch":"00000000000000ff","from":3,"to":18})");
}

CAF_TEST(an error has a code and a sentence) {
  CAF_CHECK_EQUAL(
      encoded(&dialect::failed, error{error_code::bad_json, "not JSON at byte 0"}, "", ""),
      R"({"type":"error","code":"bad_json","message":"not JSON at byte 0"})");
  CAF_CHECK_EQUAL(
      encoded(&dialect::failed, error{error_code::unknown_type, std::string{"\"\n\0", 3}}, "7", odd_room),
      R"({"type":"error","code":"unknown_type","message":"\"\n\u0000","id":7,"room":)" + odd_room_json + "}");
}

CAF_TEST(every error code has its name on the wire) {
  const std::vector<std::pair<error_code, std::string>> rows{
      {error_code::bad_json, "bad_json"},
      {error_code::bad_request, "bad_request"},
      {error_code::unknown_type, "unknown_type"},
      {error_code::bad_room, "bad_room"},
      {error_code::too_many_rooms, "too_many_rooms"},
      {error_code::too_large, "too_large"},
      {error_code::not_member, "not_member"},
      {error_code::forbidden, "forbidden"},
      {error_code::unauthorized, "unauthorized"},
      {error_code::rate_limited, "rate_limited"},
      {error_code::draining, "draining"},
      {error_code::internal, "internal"},
      {error_code::bus_unavailable, "bus_unavailable"}};
  for (const auto& [code, name] : rows)
    CAF_CHECK_EQUAL(
        encoded(&dialect::failed, error{code, "m"}, "", ""),
        R"({"type":"error","code":")" + name + R"(","message":"m"})");
}

CAF_TEST(members receive the type that was sent and the message as it was written) {
  for (std::string type : {"sendMessage", "SEND_MESSAGE", "publish"})
    CAF_CHECK_EQUAL(
        event_text(publication(type, "room1", "", R"({ "a":1.50 })")),
        R"({"type":")" + type + R"(","roomId":"room1","message":{ "a":1.50 }})");
  CAF_CHECK_EQUAL(
      event_text(publication("chat", odd_room, R"({"id":"u1"})", "\"hi\"")),
      R"({"type":"chat","roomId":)" + odd_room_json + R"(,"user":{"id":"u1"},"message":"hi"})");
}

CAF_TEST(an event fits its memory exactly) {
  for (std::string room : {std::string(200, 'r'), std::string(200, '"'), odd_room}) {
    const auto text = event_text(publication("publish", room, "", "\"" + std::string(300, 'x') + "\""));
    CAF_CHECK_EQUAL(text.size(), text.capacity());
    CAF_CHECK(nlohmann::json::parse(text)["roomId"] == room);
  }
}

CAF_TEST(joining and leaving are told to the others) {
  CAF_CHECK_EQUAL(join_notice("r", R"({"id":1})"), R"({"type":"join","roomId":"r","user":{"id":1}})");
  CAF_CHECK_EQUAL(
      join_notice(odd_room, "{}"), R"({"type":"join","roomId":)" + odd_room_json + R"(,"user":{}})");
  CAF_CHECK_EQUAL(exit_notice("r", "{}", ""), R"({"type":"exit","roomId":"r","user":{}})");
  CAF_CHECK_EQUAL(
      exit_notice("r", "{}", "disconnect"),
      R"({"type":"exit","roomId":"r","user":{},"reason":"disconnect"})");
}
