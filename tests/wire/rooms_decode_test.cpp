#define CAF_SUITE rooms_decode
#include "tests/wire/decoded_request.hpp"

CAF_TEST(every type has its kind and is kept as it was written) {
  struct row {
    std::string type;
    request_kind kind;
  };
  const std::vector<row> rows{
      {"SUBSCRIBE", request_kind::subscribe},
      {"subscribe", request_kind::subscribe},
      {"UNSUBSCRIBE", request_kind::unsubscribe},
      {"unsubscribe", request_kind::unsubscribe},
      {"sendMessage", request_kind::publish},
      {"SEND_MESSAGE", request_kind::publish},
      {"publish", request_kind::publish},
      {"chat", request_kind::publish},
      {"create", request_kind::create},
      {"join", request_kind::join},
      {"exit", request_kind::exit},
      {"presence", request_kind::presence},
      {"history", request_kind::history},
      {"ping", request_kind::ping}};
  for (const auto& [type, kind] : rows) {
    decoded d{R"({"type":")" + type + R"(","room":"r","user":{"id":1},"message":0})"};
    CAF_CHECK(d.get().kind == kind);
    check_equal(d.get().type, type);
  }
}

CAF_TEST(a subscribe has a room and perhaps an id) {
  decoded silent{R"({"type":"SUBSCRIBE","room":"room1"})"};
  check_equal(silent.get().room, "room1");
  check_equal(silent.get().id, "");
  decoded answered{R"({"id":"q","type":"SUBSCRIBE","room":"room1","recoverable":false})"};
  check_equal(answered.get().id, R"("q")");
}

CAF_TEST(a publish keeps its message byte for byte and has no user) {
  const std::string message = R"({ "b":1.50, "a" : ["\u0041", "\/"] , "a":2 })";
  decoded d{R"({"type":"sendMessage","roomId":"room1","user":7,"message": )" + message + " }"};
  check_equal(d.get().message, message);
  check_equal(d.get().user, "");
  check_equal(d.get().user_id, "");
}

CAF_TEST(a message may be any JSON value) {
  for (std::string message : {"null", "true", "false", "0", "-1.5e3", "\"\"", "[]", "{}"}) {
    decoded d{R"({"type":"publish","room":"r","message":)" + message + "}"};
    check_equal(d.get().message, message);
  }
}

CAF_TEST(a chat has a user and a message) {
  decoded d{R"({"type":"chat","roomId":"r","user":{"id":"u1","name":"Ann"},"message":"hi"})"};
  check_equal(d.get().user, R"({"id":"u1","name":"Ann"})");
  check_equal(d.get().user_id, R"("u1")");
  check_equal(d.get().message, R"("hi")");
}

CAF_TEST(a user is told by its id or else by all of it) {
  struct row {
    std::string user, id;
  };
  const std::vector<row> rows{
      {R"({"id":7})", "7"},
      {R"({ "name":"x" , "id" : {"a": 1} })", R"({"a": 1})"},
      {R"({"id":1,"id":2})", "2"},
      {R"({"\u0069d":"e"})", R"("e")"},
      {R"({"name":"x","sub":{"id":1}})", R"({"name":"x","sub":{"id":1}})"},
      {"{}", "{}"}};
  for (const auto& [user, id] : rows) {
    decoded d{R"({"type":"join","room":"r","user":)" + user + "}"};
    check_equal(d.get().user, user);
    check_equal(d.get().user_id, id);
  }
}

CAF_TEST(a create may leave the name of the room to the node) {
  decoded unnamed{R"({"type":"create","user":{"id":"u1"}})"};
  check_equal(unnamed.get().room, "");
  decoded named{R"({"type":"create","user":{"id":"u1"},"roomId":"r"})"};
  check_equal(named.get().room, "r");
}

CAF_TEST(an exit may come without a user) {
  decoded d{R"({"type":"exit","roomId":"r"})"};
  check_equal(d.get().user, "");
  check_equal(d.get().user_id, "");
}

CAF_TEST(presence may ask for the page behind a user) {
  decoded first{R"({"type":"presence","room":"r"})"};
  check_equal(first.get().after, "");
  decoded next{R"({"type":"presence","room":"r","after":"u\u0031"})"};
  check_equal(next.get().after, R"("u\u0031")");
}

CAF_TEST(a ping needs nothing and looks at nothing) {
  decoded d{R"({"type":"ping","room":5,"user":1,"message":2,"recover":3,"key":4})"};
  check_equal(d.get().room, "");
  check_equal(d.get().message, "");
}

CAF_TEST(room and roomId are synonyms everywhere) {
  for (std::string type :
       {"SUBSCRIBE", "UNSUBSCRIBE", "sendMessage", "create", "join", "chat", "exit", "presence"}) {
    for (std::string field : {"room", "roomId"}) {
      decoded d{R"({"type":")" + type + R"(","user":{},"message":1,")" + field + R"(":"r"})"};
      check_equal(d.get().room, "r");
    }
    decoded both{R"({"type":")" + type + R"(","user":{},"message":1,"room":"r","roomId":"\u0072"})"};
    check_equal(both.get().room, "r");
  }
}

CAF_TEST(escaped names and keys and types are read) {
  decoded d{R"({"\u0074ype":"\u0070ublish","\u0072oom":"r\u006fom \ud83c\udf7a \"x\"","m\u0065ssage":1})"};
  check_equal(d.get().type, "publish");
  check_equal(d.get().room, "room \xF0\x9F\x8D\xBA \"x\"");
  check_equal(d.get().message, "1");
  decoded both{R"({"type":"ping","type":"SUBSCRIBE","room":"\u0061b","roomId":"a\u0062"})"};
  check_equal(both.get().room, "ab");
}

CAF_TEST(the last of two equal fields counts) {
  decoded d{
      R"({"type":"ping","type":"publish","room":1,"room":"a","room":"b","id":{},"id":2,"message":1,"message":2})"};
  check_equal(d.get().type, "publish");
  check_equal(d.get().room, "b");
  check_equal(d.get().id, "2");
  check_equal(d.get().message, "2");
}

CAF_TEST(unknown fields are ignored) {
  decoded d{R"({"type":"SUBSCRIBE","room":"r","ID":[],"options":{"deep":[1]},"":0,"key":"k","user":1})"};
  CAF_CHECK(d.get().kind == request_kind::subscribe);
}

CAF_TEST(an id is any scalar of up to 128 bytes) {
  std::vector<std::string> ids{"7", "-1.5e3", "true", "false", "null", R"("")", R"("a\nb")"};
  ids.push_back(std::string(127, '"').replace(1, 126, 126, 'x') + '"');
  for (const auto& id : ids) {
    decoded d{R"({"type":"ping","id":)" + id + "}"};
    check_equal(d.get().id, id);
  }
}

CAF_TEST(the text itself is not copied) {
  decoded d{R"({"type":"chat","id":1,"roomId":"r","user":{"id":1},"message":"hi"})"};
  auto inside = [&](std::string_view view) {
    return view.data() >= d.text().data() && view.data() + view.size() <= d.text().data() + d.text().size();
  };
  CAF_CHECK(inside(d.get().id));
  CAF_CHECK(inside(d.get().room));
  CAF_CHECK(inside(d.get().user));
  CAF_CHECK(inside(d.get().user_id));
  CAF_CHECK(inside(d.get().message));
}
