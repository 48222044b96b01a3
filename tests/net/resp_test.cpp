#define CAF_SUITE resp
#include "net/resp.hpp"

#include <caf/test/dsl.hpp>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

using namespace roomcast::net;
using status = resp_parser::status;

namespace {

/// A reply as text: `+OK`, `-ERR`, `:1`, `"bulk"`, `nil`, `[a b]`.
std::string show(resp_value value) {
  const std::string text{value.text()};
  switch (value.type()) {
  case resp_type::null: return "nil";
  case resp_type::simple: return "+" + text;
  case resp_type::error: return "-" + text;
  case resp_type::integer: return ":" + text;
  case resp_type::bulk: return "\"" + text + "\"";
  case resp_type::array: break;
  }
  std::string out = "[";
  for (auto element : value) out += (out.size() > 1 ? " " : "") + show(element);
  return out + "]";
}

struct parsed {
  std::vector<std::string> replies;
  std::string problem;
  bool operator==(const parsed&) const = default;
};

/// Feeds `bytes` in pieces that end at `cuts`; every piece moves the bytes to memory of exactly their size.
parsed parse_in_pieces(std::string_view bytes, std::vector<size_t> cuts, resp_limits bounds = {}) {
  parsed out;
  resp_parser parser{bounds};
  size_t consumed = 0;
  cuts.push_back(bytes.size());
  for (auto cut : cuts) {
    const auto size = cut - consumed;
    auto copy = std::make_unique<char[]>(size + 1);
    std::copy_n(bytes.data() + consumed, size, copy.get());
    std::string_view unread{copy.get(), size};
    for (;;) {
      const auto state = parser.parse(unread);
      if (state == status::incomplete) {
        CAF_CHECK(parser.wanted() > unread.size());
        break;
      }
      if (state == status::malformed) {
        out.problem = parser.problem();
        return out;
      }
      out.replies.push_back(show(parser.value()));
      unread.remove_prefix(parser.consumed());
      consumed += parser.consumed();
    }
  }
  return out;
}

parsed parse(std::string_view bytes, resp_limits bounds = {}) { return parse_in_pieces(bytes, {}, bounds); }

const std::string many =
    "+OK\r\n-ERR no such thing\r\n:-42\r\n$-1\r\n$0\r\n\r\n$5\r\na\r\nbc\r\n*-1\r\n*0\r\n+\r\n"
    "*3\r\n$7\r\nmessage\r\n$4\r\nroom\r\n$2\r\nhi\r\n"
    "*2\r\n*0\r\n*2\r\n*1\r\n:1\r\n*-1\r\n*3\r\n$1\r\na\r\n*2\r\n$-1\r\n+x\r\n-E\r\n:9223372036854775807\r\n";

} // namespace

CAF_TEST(every kind of reply is read) {
  const std::vector<std::string> expected{
      "+OK",
      "-ERR no such thing",
      ":-42",
      "nil",
      "\"\"",
      "\"a\r\nbc\"",
      "nil",
      "[]",
      "+",
      "[\"message\" \"room\" \"hi\"]",
      "[[] [[:1] nil]]",
      "[\"a\" [nil +x] -E]",
      ":9223372036854775807"};
  CAF_CHECK_EQUAL(parse(many).replies, expected);
  CAF_CHECK_EQUAL(parse(many).problem, "");
}

CAF_TEST(a split at any byte changes nothing) {
  const auto whole = parse(many);
  for (size_t at = 0; at <= many.size(); ++at) CAF_CHECK(parse_in_pieces(many, {at}) == whole);
  std::vector<size_t> all;
  for (size_t at = 0; at <= many.size(); ++at) all.push_back(at);
  CAF_CHECK(parse_in_pieces(many, all) == whole);
}

CAF_TEST(elements can be asked for in any order and behind the end) {
  const std::string text = "*4\r\n*2\r\n:1\r\n:2\r\n$3\r\nabc\r\n*0\r\n:7\r\n";
  resp_parser parser;
  CAF_REQUIRE(parser.parse(text) == status::complete);
  const auto value = parser.value();
  CAF_CHECK_EQUAL(value.size(), 4u);
  CAF_CHECK(value[3].integer() == 7);
  CAF_CHECK(value[0][1].integer() == 2);
  CAF_CHECK_EQUAL(value[1].text(), "abc");
  CAF_CHECK_EQUAL(value[2].size(), 0u);
  CAF_CHECK(value[4].is_null());
  CAF_CHECK(value[1][0].is_null());
  CAF_CHECK(value[0].text().empty());
  CAF_CHECK(resp_value{}.is_null());
  CAF_CHECK(resp_value{}.begin() == resp_value{}.end());
}

CAF_TEST(numbers are numbers or nothing) {
  const std::vector<std::pair<std::string, std::optional<int64_t>>> cases{
      {"$2\r\n42\r\n", 42},
      {":-9223372036854775808\r\n", INT64_MIN},
      {"$19\r\n9223372036854775808\r\n", std::nullopt},
      {"$0\r\n\r\n", std::nullopt},
      {"$3\r\n4 2\r\n", std::nullopt},
      {"+OK\r\n", std::nullopt},
      {"$-1\r\n", std::nullopt}};
  for (const auto& [text, expected] : cases) {
    resp_parser parser;
    CAF_REQUIRE(parser.parse(text) == status::complete);
    CAF_CHECK(parser.value().integer() == expected);
  }
}

CAF_TEST(what is no RESP2 is malformed) {
  for (std::string_view text :
       {"hello\r\n",
        "HTTP/1.1 400 Bad Request\r\n",
        "\r\n",
        "%1\r\n",
        "_\r\n",
        "$\r\n",
        "$x\r\n",
        "$1x\r\n",
        "$-2\r\n",
        "*-2\r\n",
        "$3\r\nabcd\r\n",
        "$3\r\nabc\n\n",
        "+a\rb\r\n",
        ":\r\n",
        ":1.5\r\n",
        ":--1\r\n",
        ":9223372036854775808\r\n",
        ":000000000000000000000001\r\n",
        "*1\r\n?\r\n",
        "$1\rx",
        "* 1\r\n"}) {
    const auto whole = parse(text);
    CAF_CHECK(!whole.problem.empty());
    for (size_t at = 0; at <= text.size(); ++at) CAF_CHECK(parse_in_pieces(text, {at}) == whole);
  }
}

CAF_TEST(malformed stays malformed) {
  resp_parser parser;
  CAF_CHECK(parser.parse("?") == status::malformed);
  CAF_CHECK(parser.parse("+OK\r\n") == status::malformed);
}

CAF_TEST(announcements over a limit fail before the bytes arrive) {
  CAF_CHECK_EQUAL(parse("$2147483648\r\n").problem, "bulk string too large");
  CAF_CHECK_EQUAL(parse("$9223372036854775807\r\n").problem, "bulk string too large");
  CAF_CHECK_EQUAL(parse("*2147483647\r\n").problem, "too many elements");
  CAF_CHECK_EQUAL(parse("*9223372036854775807\r\n").problem, "too many elements");
  CAF_CHECK_EQUAL(parse("*200000\r\n*200000\r\n").problem, "too many elements");
}

CAF_TEST(each limit is exact) {
  const resp_limits bounds{.line_bytes = 4, .bulk_bytes = 6, .reply_bytes = 38, .elements = 4, .depth = 2};
  CAF_CHECK_EQUAL(parse("+1234\r\n", bounds).problem, "");
  CAF_CHECK_EQUAL(parse("+12345\r\n", bounds).problem, "line too long");
  CAF_CHECK_EQUAL(parse("+12345", bounds).problem, "line too long");
  CAF_CHECK_EQUAL(parse("$6\r\n123456\r\n", bounds).problem, "");
  CAF_CHECK_EQUAL(parse("$7\r\n", bounds).problem, "bulk string too large");
  CAF_CHECK_EQUAL(parse("*3\r\n:1\r\n:2\r\n:3\r\n", bounds).problem, "");
  CAF_CHECK_EQUAL(parse("*4\r\n", bounds).problem, "too many elements");
  CAF_CHECK_EQUAL(parse("*1\r\n*1\r\n:1\r\n", bounds).problem, "");
  CAF_CHECK_EQUAL(parse("*1\r\n*1\r\n*1\r\n", bounds).problem, "arrays too deep");
  CAF_CHECK_EQUAL(parse("*3\r\n$6\r\n123456\r\n$6\r\n123456\r\n$6\r\n", bounds).problem, "reply too large");
  CAF_CHECK_EQUAL(parse("*3\r\n$6\r\n123456\r\n$6\r\n123456\r\n$4\r\n1234\r\n", bounds).problem, "");
}

CAF_TEST(random replies survive random splits) {
  std::mt19937 random{11};
  auto pick = [&](size_t below) { return random() % below; };
  auto any = [&](auto& self, unsigned depth) -> std::string {
    switch (pick(depth < 4 ? 7 : 5)) {
    case 0: return "+s" + std::to_string(pick(100)) + "\r\n";
    case 1: return ":" + std::to_string(pick(100000)) + "\r\n";
    case 2: return "$-1\r\n";
    case 3: return "-E\r\n";
    case 4: {
      const auto size = pick(300);
      return "$" + std::to_string(size) + "\r\n" + std::string(size, '\r') + "\r\n";
    }
    default: {
      const auto size = pick(5);
      auto text = "*" + std::to_string(size) + "\r\n";
      for (size_t i = 0; i < size; ++i) text += self(self, depth + 1);
      return text;
    }
    }
  };
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (int i = 0; i < 4; ++i) text += any(any, 0);
    std::vector<size_t> cuts;
    for (int i = 0; i < 6; ++i) cuts.push_back(pick(text.size() + 1));
    std::sort(cuts.begin(), cuts.end());
    CAF_CHECK(parse_in_pieces(text, cuts) == parse(text));
    CAF_CHECK_EQUAL(parse(text).replies.size(), 4u);
  }
}

CAF_TEST(commands are arrays of bulk strings) {
  std::string out;
  append_command(out, {"PUBLISH", "room", std::string_view{"a\r\n\0b", 5}});
  CAF_CHECK_EQUAL(out, (std::string{"*3\r\n$7\r\nPUBLISH\r\n$4\r\nroom\r\n$5\r\na\r\n\0b\r\n", 38}));
  append_command(out, {"PING"});
  append_command(out, {"ECHO", ""});
  CAF_CHECK_EQUAL(out.substr(38), "*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nECHO\r\n$0\r\n\r\n");
}
