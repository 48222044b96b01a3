#define CAF_SUITE config_text
#include "config/config_text.hpp"

#include <caf/test/dsl.hpp>

using namespace roomcast::config;

namespace {

std::vector<file_entry> entries(std::string_view text) {
  auto parsed = parse_config_text(text, "f");
  if (!parsed) CAF_FAIL(parsed.failure());
  return *parsed;
}

std::string failure(std::string_view text) {
  auto parsed = parse_config_text(text, "f");
  return parsed ? "" : parsed.failure();
}

} // namespace

CAF_TEST(groups in braces and sections in brackets are the same) {
  for (auto text :
       {"server { port = 9001 }", "server = { port = 9001 }", "server {\n  port = 9001\n}\n",
        "server{port=9001}", "[server]\nport = 9001\n"}) {
    auto all = entries(text);
    CAF_REQUIRE(!all.empty());
    CAF_CHECK_EQUAL(all.back().name, "server.port");
    CAF_CHECK(all.back().kind == value_kind::number);
    CAF_CHECK_EQUAL(all.back().texts.at(0), "9001");
  }
}

CAF_TEST(each entry knows its line) {
  auto all = entries(
      "; one\nserver { ; two\n  port = 1 ; three\n\n  host = \"x\"\n}\nredis {\n  urls = [\n\"a\"\n]\n}\n");
  CAF_REQUIRE_EQUAL(all.size(), 5u);
  CAF_CHECK_EQUAL(all[0].name, "server");
  CAF_CHECK_EQUAL(all[0].line, 2u);
  CAF_CHECK_EQUAL(all[1].line, 3u);
  CAF_CHECK_EQUAL(all[2].line, 5u);
  CAF_CHECK_EQUAL(all[4].name, "redis.urls");
  CAF_CHECK_EQUAL(all[4].line, 8u);
}

CAF_TEST(values keep their kind) {
  auto all = entries(
      "g { a = \"text\", b = 'atom', c = 30s, d = -5, e = 1.5, f = true, g = [\"x\", \"y\"], h = [1] }");
  CAF_REQUIRE_EQUAL(all.size(), 9u);
  auto kinds = {value_kind::group,    value_kind::text,   value_kind::text,
                value_kind::duration, value_kind::number, value_kind::other,
                value_kind::boolean,  value_kind::list,   value_kind::other};
  size_t i = 0;
  for (auto kind : kinds) CAF_CHECK(all[i++].kind == kind);
  CAF_CHECK_EQUAL(all[2].texts.at(0), "atom");
  CAF_CHECK_EQUAL(all[3].texts.at(0), "30s");
  CAF_CHECK_EQUAL(all[4].texts.at(0), "-5");
  CAF_CHECK_EQUAL(all[6].texts.at(0), "true");
  CAF_CHECK(all[7].texts == std::vector<std::string>({"x", "y"}));
}

CAF_TEST(a list of maps keeps each map as its text) {
  auto all =
      entries("rooms { namespaces = [\n  { prefix = \"a\\\"b\\\\:\"\n n = 1 },\n  { t = 30s },\n  { }\n] }");
  CAF_REQUIRE_EQUAL(all.size(), 2u);
  CAF_CHECK_EQUAL(all[1].name, "rooms.namespaces");
  CAF_CHECK(all[1].kind == value_kind::maps);
  CAF_REQUIRE_EQUAL(all[1].texts.size(), 3u);
  CAF_CHECK_EQUAL(all[1].texts[0], R"({ prefix = "a\"b\\:", n = 1 })");
  CAF_CHECK_EQUAL(all[1].texts[1], "{ t = 30s }");
  CAF_CHECK_EQUAL(all[1].texts[2], "{ }");
}

CAF_TEST(lists of maps hold scalars only and nothing besides) {
  for (auto list :
       {"[ { a = { b = 1 } } ]", "[ { a = [ \"x\" ] } ]", "[ { a = 1 }, \"x\" ]", "[ \"x\", { a = 1 } ]",
        "[ [ { a = 1 } ] ]", "[ { a = 1.5 } ]", "[ true ]", "[ { a = { b = 1 } }, { c = 1 } ]"}) {
    auto all = entries(std::string{"g { l = "} + list + " }");
    CAF_REQUIRE_EQUAL(all.size(), 2u);
    CAF_CHECK(all[1].kind == value_kind::other);
    CAF_CHECK(all[1].texts.empty());
  }
}

CAF_TEST(line ends of Windows and a byte order mark do not matter) {
  auto all = entries("\xEF\xBB\xBFserver {\r\n  port = 1\r\n}\r\n");
  CAF_CHECK_EQUAL(all.back().name, "server.port");
}

CAF_TEST(an empty text is an empty configuration) {
  CAF_CHECK(entries("").empty());
  CAF_CHECK(entries("\n ; nothing here").empty());
}

CAF_TEST(a brace that is not closed is named with its line) {
  CAF_CHECK_EQUAL(
      failure("\nserver {\n  port = 1\n"), "f:4: the file ends, and what was opened in line 2 is not closed");
  CAF_CHECK_EQUAL(
      failure("redis { urls = [\"a\"\n"), "f:2: the file ends, and what was opened in line 1 is not closed");
}

CAF_TEST(a brace too many is named) {
  CAF_CHECK_EQUAL(failure("server { port = 1 }\n}\n"), "f:2: `}` closes nothing here");
}

CAF_TEST(other comments than the semicolon are explained) {
  CAF_CHECK_EQUAL(failure("# hello\n"), "f:1: comments start with `;`");
  CAF_CHECK_EQUAL(failure("server {\n  port = 1 # hello\n}"), "f:2: comments start with `;`");
  CAF_CHECK_EQUAL(failure("server {\n  // hello\n}"), "f:2: comments start with `;`");
}

CAF_TEST(a text without quotes is explained) {
  CAF_CHECK_EQUAL(failure("log {\n  level = info\n}"), "f:2: a text needs double quotes");
  CAF_CHECK_EQUAL(failure("log {\n  level = trace\n}"), "f:2: a text needs double quotes");
  CAF_CHECK_EQUAL(failure("redis { urls = [redis://x] }"), "f:1: a text needs double quotes");
}

CAF_TEST(other slips have a line and a reason) {
  CAF_CHECK_EQUAL(failure("server { host = \"abc\n }"), "f:1: a text is not closed by `\"`");
  CAF_CHECK_EQUAL(failure("server { port =\n }"), "f:1: a value is missing");
  CAF_CHECK_EQUAL(failure("server { port = 12abc }"), "f:1: this is no number and no duration");
  CAF_CHECK_EQUAL(
      failure("server { host = \"\\q\" }"), "f:1: after `\\` only `n`, `r`, `t`, `\\` and `\"` are known");
  CAF_CHECK_EQUAL(failure("server { port = 99999999999999999999 }"), "f:1: the number is too large");
  CAF_CHECK_EQUAL(
      failure("server { drain-time = 1.5s }"), "f:1: a duration is a whole number, such as 1500ms");
  CAF_CHECK_EQUAL(
      failure("server.port = 1"), "f:1: expected `key = value`, `group {` or the end of the line");
  CAF_CHECK_EQUAL(failure("server"), "f:1: the file ends within a key or a value");
  CAF_CHECK_EQUAL(failure(std::string_view{"a { b = 1 }\0c", 13}), "f:1: a NUL byte");
}

CAF_TEST(a key that is set twice is an error) {
  CAF_CHECK_EQUAL(
      failure("server { port = 1 }\nserver {\n  port = 2\n}"),
      "f:3: server.port is set twice, first in line 1");
}

CAF_TEST(endless nesting ends in an error) {
  CAF_CHECK_EQUAL(failure("a = " + std::string(100'000, '[')), "f:1: too many levels of braces or brackets");
  std::string braces;
  for (int i = 0; i < 10'000; ++i) braces += "a {\n";
  CAF_CHECK(failure(braces).find("too many levels") != std::string::npos);
}

CAF_TEST(no error repeats a value) {
  for (auto text :
       {"server { admin-token = hunter2 }", "server { admin-token = \"hunter2\n }",
        "server { admin-token = 'hunter2hunter2' }"})
    CAF_CHECK(failure(text).find("hunter2") == std::string::npos);
}
