#define CAF_SUITE rooms_refuse
#include "tests/wire/decoded_request.hpp"

namespace {

void check_refused(const std::string& text, error_code code, std::string_view message) {
  decoded d{text};
  const auto& failure = d.failure();
  if (failure.what.code != code || failure.what.message != message)
    CAF_ERROR(
        text << ": " << std::string{to_string(failure.what.code)} << " \"" << failure.what.message << "\"");
}

} // namespace

// -- what is refused ----------------------------------------------------------

CAF_TEST(what is not JSON is told with its position) {
  using enum error_code;
  check_refused("", bad_json, "not JSON at byte 0: the text is empty");
  check_refused("hello", bad_json, "not JSON at byte 0: expected a JSON value");
  check_refused(R"({"type":"ping")", bad_json, "not JSON at byte 14: the text ends too early");
  check_refused(
      R"({"type":"ping"} x)", bad_json, "not JSON at byte 16: something follows the end of the JSON value");
  check_refused(R"({"type":"ping","id":5,"x":01})", bad_json, "not JSON at byte 27: expected ',' or '}'");
  check_refused(
      R"({"type":"SUBSCRIBE","room":"\ud83c"})", bad_json,
      "not JSON at byte 28: half of a surrogate pair in a string");
}

CAF_TEST(nesting over the limit is refused) {
  auto nested = [](size_t n) {
    return R"({"type":"publish","room":"r","message":)" + std::string(n, '[') + std::string(n, ']') + "}";
  };
  CAF_CHECK(decoded(nested(31)).ok());
  check_refused(nested(32), error_code::bad_json, "not JSON at byte 70: nested too deeply");
  CAF_CHECK(decoded(nested(32), {255, 33}).ok());
  CAF_CHECK(!decoded(R"({"type":"chat","room":"r","message":1,"user":{"id":[[]]}})", {255, 3}).ok());
}

CAF_TEST(JSON that is no object is a bad request) {
  for (const char* text : {"[]", "1", "\"x\"", "null", R"([{"type":"ping"}])"})
    check_refused(text, error_code::bad_request, R"(a request is a JSON object such as {"type":"ping"})");
}

CAF_TEST(a type must be there and be a string) {
  check_refused("{}", error_code::bad_request, "type is missing");
  check_refused(R"({"room":"r"})", error_code::bad_request, "type is missing");
  for (std::string type : {"1", "null", "true", "[]", "{}"})
    check_refused(R"({"type":)" + type + "}", error_code::bad_request, "type must be a string");
}

CAF_TEST(an unknown type is repeated in part) {
  const std::string advice =
      "\": use SUBSCRIBE, UNSUBSCRIBE, sendMessage, create, join, chat, exit, presence, history or ping";
  auto unknown = [&](std::string type, std::string repeated) {
    check_refused(
        R"({"type":")" + type + R"("})", error_code::unknown_type, "unknown type \"" + repeated + advice);
  };
  unknown("shout", "shout");
  unknown("", "");
  unknown("Ping", "Ping");
  unknown("subscribe ", "subscribe ");
  unknown(R"(a\"\\\n\u0000)", std::string{"a\"\\\n\0", 5});
  unknown(std::string(32, 'x'), std::string(32, 'x'));
  unknown(std::string(33, 'x'), std::string(32, 'x') + "...");
  unknown(std::string(30, 'x') + "\xE2\x82\xAC", std::string(30, 'x') + "...");
  unknown(std::string(29, 'x') + "\xE2\x82\xAC!", std::string(29, 'x') + "\xE2\x82\xAC...");
}

CAF_TEST(who joins may ask for the past) {
  for (std::string type : {"SUBSCRIBE", "subscribe", "join", "create"}) {
    const std::string head = R"({"type":")" + type + R"(","room":"r","user":{})";
    decoded plain{head + "}"};
    CAF_CHECK(!plain.get().recoverable && !plain.get().recover && plain.get().newest == 0);
    decoded no{head + R"(,"recoverable":false})"};
    CAF_CHECK(!no.get().recoverable);
    decoded yes{head + R"(,"recoverable":true,"history":20})"};
    CAF_CHECK(yes.get().recoverable);
    CAF_CHECK_EQUAL(yes.get().newest, 20u);
    decoded back{head + R"(,"recover":{"seq": 0 ,"x":[],"epoch":"00000000000000ff"}})"};
    CAF_CHECK(back.get().recoverable);
    CAF_CHECK(back.get().recover == (position{epoch_id{255}, 0}));
  }
}

CAF_TEST(an epoch that is none of ours is no mistake) {
  for (std::string epoch : {"", "e", "0000000000000000", "00000000000000FF", "00000000000000ff0"}) {
    decoded d{R"({"type":"SUBSCRIBE","room":"r","recover":{"epoch":")" + epoch + R"(","seq":5}})"};
    CAF_CHECK(d.get().recover == (position{no_epoch, 5}));
  }
}

CAF_TEST(wishes for the past have their types) {
  const std::string form = R"(recover must be {"epoch":"...","seq":N} as an answer gave them)";
  const std::string number = " must be a whole number, at least 0";
  const std::vector<std::pair<std::string, std::string>> rows{
      {R"("recoverable":null)", "recoverable must be true or false"},
      {R"("recoverable":1)", "recoverable must be true or false"},
      {R"("recoverable":"true")", "recoverable must be true or false"},
      {R"("recover":null)", form},
      {R"("recover":[])", form},
      {R"("recover":{})", form},
      {R"("recover":{"epoch":1,"seq":1})", form},
      {R"("recover":{"epoch":"e"})", "seq of recover" + number},
      {R"("recover":{"epoch":"e","seq":"1"})", "seq of recover" + number},
      {R"("recover":{"epoch":"e","seq":-1})", "seq of recover" + number},
      {R"("recover":{"epoch":"e","seq":1.0})", "seq of recover" + number},
      {R"("recover":{"epoch":"e","seq":9007199254740993})", "seq of recover" + number},
      {R"("history":"1")", "history" + number},
      {R"("history":-1)", "history" + number},
      {R"("history":1e3)", "history" + number},
      {R"("history":true)", "history" + number}};
  for (const auto& [wish, complaint] : rows)
    check_refused(R"({"type":"SUBSCRIBE","room":"r",)" + wish + "}", error_code::bad_request, complaint);
}

CAF_TEST(a publish may have a key) {
  for (std::string type : {"sendMessage", "SEND_MESSAGE", "publish", "chat"}) {
    const std::string head = R"({"type":")" + type + R"(","room":"r","user":{},"message":1,"key":)";
    decoded d{head + R"("a\"b"})"};
    check_equal(d.get().key, R"(a\"b)");
    check_equal(decoded{head + '"' + std::string(128, 'x') + "\"}"}.get().key, std::string(128, 'x'));
    check_refused(
        head + '"' + std::string(129, 'x') + "\"}", error_code::too_large,
        "key has at most 128 bytes of JSON");
    for (std::string value : {"1", "null", "true", "{}", "[]", "\"\""})
      check_refused(head + value + "}", error_code::bad_request, "key must be a string, and not empty");
  }
}

CAF_TEST(a history request has a limit and perhaps an end) {
  decoded simple{R"({"type":"history","room":"r"})"};
  CAF_CHECK_EQUAL(simple.get().newest, limits::default_history_messages);
  CAF_CHECK_EQUAL(simple.get().before, 0u);
  decoded page{R"({"type":"history","room":"r","limit":7,"before":12})"};
  CAF_CHECK_EQUAL(page.get().newest, 7u);
  CAF_CHECK_EQUAL(page.get().before, 12u);
  decoded much{R"({"type":"history","room":"r","limit":1000000})"};
  CAF_CHECK_EQUAL(much.get().newest, limits::max_history_messages);
  for (std::string field : {"limit", "before"})
    for (std::string value : {"0", "-1", "1.5", "\"1\"", "null", "[]"})
      check_refused(
          R"({"type":"history","room":"r",")" + field + "\":" + value + "}", error_code::bad_request,
          field + " must be a whole number, at least 1");
}

CAF_TEST(a room must be there and be a string) {
  for (std::string type : {"SUBSCRIBE", "UNSUBSCRIBE", "sendMessage", "join", "chat", "exit", "presence"})
    check_refused(
        R"({"type":")" + type + R"(","user":{},"message":1})", error_code::bad_request,
        "room (or roomId) is missing");
  for (std::string value : {"1", "null", "[]", "{}"}) {
    for (std::string field : {"room", "roomId"}) {
      check_refused(
          R"({"type":"SUBSCRIBE",")" + field + "\":" + value + "}", error_code::bad_request,
          field + " must be a string");
      check_refused(
          R"({"type":"create","user":{},")" + field + "\":" + value + "}", error_code::bad_request,
          field + " must be a string");
    }
    check_refused(
        R"({"type":"SUBSCRIBE","room":"r","roomId":)" + value + "}", error_code::bad_request,
        "roomId must be a string");
  }
}

CAF_TEST(room and roomId must agree) {
  for (std::string other : {"\"s\"", "\"\"", "\"R\""})
    check_refused(
        R"({"type":"SUBSCRIBE","room":"r","roomId":)" + other + "}", error_code::bad_request,
        "room and roomId differ: send one of them");
}

CAF_TEST(a room name is checked) {
  auto subscribe = [](const std::string& room) { return R"({"type":"SUBSCRIBE","room":")" + room + "\"}"; };
  check_refused(subscribe(""), error_code::bad_room, "a room name has at least one character");
  check_refused(subscribe(std::string(256, 'r')), error_code::bad_room, "a room name has at most 255 bytes");
  CAF_CHECK(decoded(subscribe(std::string(255, 'r'))).ok());
  for (std::string control : {R"(\u0000)", R"(a\nb)", R"(\u001f)", R"(\u007f)", "\x7F"})
    check_refused(subscribe(control), error_code::bad_room, "a room name has no control characters");
  CAF_CHECK(!decoded(subscribe("abcd"), {3, 32}).ok());
  CAF_CHECK(decoded(subscribe("abc"), {3, 32}).ok());
  check_refused(
      R"({"type":"create","user":{},"roomId":""})", error_code::bad_room,
      "a room name has at least one character");
}

CAF_TEST(a user must be an object of at most 4 KiB) {
  for (std::string type : {"join", "chat", "create"})
    check_refused(
        R"({"type":")" + type + R"(","room":"r","message":1})", error_code::bad_request, "user is missing");
  for (std::string type : {"join", "chat", "create", "exit"})
    for (std::string user : {"1", "null", "\"Ann\"", "[]"})
      check_refused(
          R"({"type":")" + type + R"(","room":"r","message":1,"user":)" + user + "}", error_code::bad_request,
          "user must be an object");
  auto join = [](size_t bytes) {
    return R"({"type":"join","room":"r","user":{"n":")" + std::string(bytes - 8, 'x') + "\"}}";
  };
  CAF_CHECK(decoded(join(4'096)).ok());
  check_refused(join(4'097), error_code::too_large, "user has at most 4096 bytes of JSON");
}

CAF_TEST(a user to begin behind has at most 4096 bytes) {
  auto presence = [](size_t bytes) {
    return R"({"type":"presence","room":"r","after":")" + std::string(bytes - 2, 'x') + "\"}";
  };
  CAF_CHECK(decoded(presence(4'096)).ok());
  check_refused(presence(4'097), error_code::too_large, "after has at most 4096 bytes of JSON");
}

CAF_TEST(a publish needs a message) {
  for (std::string type : {"sendMessage", "SEND_MESSAGE", "publish", "chat"})
    check_refused(
        R"({"type":")" + type + R"(","room":"r","user":{}})", error_code::bad_request, "message is missing");
}

CAF_TEST(an id must be a scalar of at most 128 bytes) {
  for (std::string id : {"{}", "[]", "[1]"})
    check_refused(
        R"({"type":"ping","id":)" + id + "}", error_code::bad_request,
        "id must be a string, a number, true, false or null");
  check_refused(
      R"({"type":"ping","id":")" + std::string(127, 'x') + "\"}", error_code::too_large,
      "id has at most 128 bytes of JSON");
}

// -- what the error answer repeats --------------------------------------------

CAF_TEST(an error repeats the id and a good room) {
  struct row {
    std::string text, id, room;
  };
  const std::vector<row> rows{
      {R"({"type":"shout","id":7,"room":"r"})", "7", ""},
      {R"({"id":"a"})", R"("a")", ""},
      {R"({"type":"publish","id":null,"room":"r\u006f"})", "null", "ro"},
      {R"({"type":"join","id":1,"room":"r","user":3})", "1", "r"},
      {R"({"type":"SUBSCRIBE","id":1,"room":"r","recover":{}})", "1", "r"},
      {R"({"type":"SUBSCRIBE","id":1,"room":""})", "1", ""},
      {R"({"type":"SUBSCRIBE","id":1,"room":"a","roomId":"b"})", "1", ""},
      {R"({"type":"ping","id":[]})", "", ""},
      {R"({"type":"ping","id":")" + std::string(127, 'x') + "\"}", "", ""},
      {R"({"type":"ping","id":5)", "", ""}};
  for (const auto& [text, id, room] : rows) {
    decoded d{text};
    check_equal(d.failure().id, id);
    check_equal(d.failure().room, room);
  }
}
