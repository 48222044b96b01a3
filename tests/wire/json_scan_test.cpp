#define CAF_SUITE json_scan
#include "wire/json_scan.hpp"
#include "wire/json_text.hpp"

#include <caf/test/dsl.hpp>
#include <nlohmann/json.hpp>

#include <random>
#include <string>
#include <vector>

using namespace roomcast::wire;
using nlohmann::json;

namespace {

/// What the scanner promises to agree with. A NUL byte ends a text for nlohmann; it is never JSON.
bool oracle(std::string_view text) { return json::accept(text) && text.find('\0') == text.npos; }

json_fault fault_of(std::string_view text, size_t max_depth = 32) {
  json_scan scan{text, max_depth};
  for (json_member member; scan.next(member);) continue;
  return scan.fault();
}

bool accepts(std::string_view text, size_t max_depth = 32) {
  json_scan scan{text, max_depth};
  for (json_member member; scan.next(member);) continue;
  return scan.ok();
}

/// The outermost object put together again from the extents of its members; the last duplicate stays.
json reassembled(std::string_view text) {
  json_scan scan{text, json_scan::depth_bound};
  json out = json::object();
  for (json_member member; scan.next(member);) {
    const std::string key{member.key.data() - 1, member.key.size() + 2};
    out[json::parse(key).get<std::string>()] = json::parse(member.value);
  }
  return out;
}

const std::vector<std::string> good{
    "{}",
    "[]",
    " \t\r\n{ } \t\r\n",
    "null",
    "true",
    "false",
    "\"\"",
    "\"text\"",
    "0",
    "-0",
    "-0.0e-0",
    "12",
    "1.5",
    "1e5",
    "1E+5",
    "1e-999999999999999999999",
    "0e999999999999999999999",
    "0.0000e400",
    "123456789012345678901234567890",
    "1.7976931348623157e308",
    "179769313486231570000e288",
    "-1.797693134862315807e308",
    "[1,2,[3,{\"a\":[]}],{}]",
    R"({"a":1,"b":[true,false,null],"c":{"d":"e"}})",
    R"({"":""})",
    R"({ "a" : 1 , "b" : 2 })",
    R"({"a":1,"a":2})",
    R"("\"\\\/\b\f\n\r\t\u0041\uabCD")",
    R"("\ud83c\udf7a")",
    "\"k\xC3\xB6lsch \xF0\x9F\x8D\xBA and \x7F\"",
    "\xEF\xBB\xBF{}",
    "{\"a\":\"" + std::string(100, 'x') + "\"}",
    "\"" + std::string(7, 'x') + "\\n" + std::string(9, 'y') + "\""};

const std::vector<std::string> bad{
    "",
    " ",
    "{",
    "}",
    "[",
    "]",
    "[}",
    "{]",
    "{}}",
    "{} {}",
    "[1,]",
    "[,1]",
    "[1 2]",
    "[1}",
    R"({"a":1,})",
    R"({,"a":1})",
    R"({"a"})",
    R"({"a":})",
    R"({"a" 1})",
    R"({"a":1]})",
    R"({"a":[1}})",
    R"({"a":1 "b":2})",
    R"({a:1})",
    R"({'a':1})",
    R"({1:1})",
    "tru",
    "truex",
    "nul",
    "NaN",
    "Infinity",
    "-",
    "+1",
    "01",
    "-01",
    "1.",
    ".5",
    "1.e5",
    "1e",
    "1e+",
    "0x10",
    "1e309",
    "-1e309",
    "1e99999999999999999999",
    "1.7976931348623159e308",
    "\"",
    "\"abc",
    "\"\\",
    "\"\\\"",
    R"("\x")",
    R"("\u12")",
    R"("\u12G4")",
    R"("\u")",
    R"("\ud83c")",
    R"("\ud83cx")",
    R"("\ud83c\n")",
    R"("\ud83c\u0041")",
    R"("\ud83c\u00")",
    R"("\udf7a")",
    "\"line\nbreak\"",
    "\"tab\there\"",
    std::string{"\"nul\0\"", 6},
    std::string{"{}\0", 3},
    std::string{"\0{}", 3},
    "\"\x80\"",
    "\"\xC0\x80\"",
    "\"\xED\xA0\x80\"",
    "\"\xF0\x9F\x8D\"",
    "\xC3\xB6",
    "\xEF\xBB{}",
    "\xEF\xBB\xBF",
    "{}\xEF\xBB\xBF",
    "// no\n{}",
    "/* no */{}"};

const std::vector<std::string> requests{
    R"({"type":"sendMessage","roomId":"room1","message":"hey cashing"})",
    R"({"type":"SUBSCRIBE","room":"room1","id":7})",
    R"( { "type" : "chat" , "roomId" : "r\u006fom" , "user" : {"id":"u1","name":"Ann \ud83c\udf7a"} , "message" : [1,-2.5e3,{"a":null}] } )",
    R"({"type":"join","roomId":"r","user":{"id":1e3,"tags":[[],{},[{}]]},"type":"exit","x":[true,false]})",
    "{\"type\":\"publish\",\"room\":\"k\xC3\xB6ln \xF0\x9F\x8D\xBA\",\"message\":\"\xE2\x82\xAC \\\\ \\\" "
    "\\/ \\b\"}",
    R"({"message":1.7976931348623157e308,"a":-1e-400,"b":123456789012345678901234567890,"\u0074ype":"ping"})"};

/// One small damage: a byte changed, removed, doubled or put in, a cut, or a piece of another request.
std::string mutate(std::string text, std::mt19937& random) {
  static constexpr std::string_view spice =
      "{}[]\",:\\/ \n\t0123456789-+.eEutfnald\x01\x7F\x80\xBF\xC3\xED\xA0\xF0\xFF";
  auto below = [&](size_t n) { return static_cast<size_t>(random() % n); };
  for (size_t rounds = 1 + below(3); rounds > 0 && !text.empty(); --rounds) {
    const size_t at = below(text.size());
    switch (below(6)) {
    case 0: text[at] = spice[below(spice.size())]; break;
    case 1: text.erase(at, 1); break;
    case 2: text.insert(at, 1, spice[below(spice.size())]); break;
    case 3: text.insert(at, text.substr(at, 1 + below(8))); break;
    case 4: text.erase(at, 1 + below(12)); break;
    default: text.replace(at, below(6), requests[below(requests.size())].substr(below(30), below(20)));
    }
  }
  return text;
}

} // namespace

CAF_TEST(valid texts are accepted) {
  for (const auto& text : good) {
    CAF_CHECK(oracle(text));
    if (!accepts(text)) CAF_ERROR("refused: " << text << ": " << std::string{fault_of(text).why});
  }
}

CAF_TEST(invalid texts are refused) {
  for (const auto& text : bad) {
    CAF_CHECK(!oracle(text));
    if (accepts(text)) CAF_ERROR("accepted: " << text);
  }
}

CAF_TEST(a text cut anywhere is refused) {
  for (const auto& text : requests)
    for (size_t n = 0; n < text.find_last_of('}'); ++n) CAF_CHECK(!accepts(text.substr(0, n)));
}

CAF_TEST(members are found with their extents) {
  json_scan scan{R"( { "a" : [1, 2] , "\u0062":"x\"}" ,"c":{"d":-1} } )", 32};
  json_member member;
  CAF_REQUIRE(scan.next(member));
  CAF_CHECK(member.key == "a" && !member.key_escaped && member.value == "[1, 2]");
  CAF_REQUIRE(scan.next(member));
  CAF_CHECK(member.key == R"(\u0062)" && member.key_escaped && member.value == R"("x\"}")");
  CAF_REQUIRE(scan.next(member));
  CAF_CHECK(member.key == "c" && !member.key_escaped && member.value == R"({"d":-1})");
  CAF_CHECK(!scan.next(member));
  CAF_CHECK(scan.ok() && scan.is_object());
  CAF_CHECK(!scan.next(member));
}

CAF_TEST(a text that is no object has no members and is still checked) {
  json_member member;
  json_scan list{R"([{"a":1}])", 32};
  CAF_CHECK(!list.next(member));
  CAF_CHECK(list.ok() && !list.is_object());
  json_scan broken{R"([{"a":1])", 32};
  CAF_CHECK(!broken.next(member));
  CAF_CHECK(!broken.ok() && !broken.is_object());
}

CAF_TEST(members before a fault are handed out but the text is not ok) {
  json_scan scan{R"({"type":"ping","x":})", 32};
  json_member member;
  CAF_CHECK(scan.next(member));
  CAF_CHECK(!scan.ok());
  CAF_CHECK(!scan.next(member));
  CAF_CHECK(!scan.ok());
  CAF_CHECK_EQUAL(scan.fault().at, 19u);
}

CAF_TEST(nesting is bounded by the caller and by the scanner) {
  auto lists = [](size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  auto objects = [](size_t n) {
    std::string out;
    for (size_t i = 1; i < n; ++i) out += "{\"a\":";
    return out + "{}" + std::string(n - 1, '}');
  };
  for (size_t depth : {1u, 2u, 3u, 32u, 63u, 64u, 65u, 128u, 256u}) {
    CAF_CHECK(accepts(lists(depth), depth));
    CAF_CHECK(accepts(objects(depth), depth));
    CAF_CHECK(!accepts(lists(depth + 1), depth));
    CAF_CHECK(!accepts(objects(depth + 1), depth));
  }
  CAF_CHECK(accepts(lists(json_scan::depth_bound), 100'000));
  CAF_CHECK(!accepts(lists(json_scan::depth_bound + 1), 100'000));
  CAF_CHECK(accepts("[[],[],{\"a\":[],\"b\":{}},[]]", 3));
  CAF_CHECK(accepts("7", 0));
  CAF_CHECK(!accepts("{}", 0));
  CAF_CHECK(fault_of("[[[", 2).why == "nested too deeply");
  CAF_CHECK_EQUAL(fault_of("[[[", 2).at, 2u);
}

CAF_TEST(lists and objects may be mixed at any level) {
  std::string open, close;
  for (size_t i = 0; i < json_scan::depth_bound; ++i) {
    const bool object = i % 3 == 0 || i % 7 == 0;
    open += object ? "{\"k\":" : "[";
    close.insert(close.begin(), object ? '}' : ']');
  }
  CAF_CHECK(accepts(open + "1" + close, json_scan::depth_bound));
  for (size_t i = 0; i < close.size(); ++i) {
    auto wrong = close;
    wrong[i] = wrong[i] == '}' ? ']' : '}';
    CAF_CHECK(!accepts(open + "1" + wrong, json_scan::depth_bound));
  }
}

CAF_TEST(faults say what and where) {
  struct row {
    std::string text;
    std::string_view why;
    size_t at;
  };
  const std::vector<row> rows{
      {"", "the text is empty", 0},
      {"  ", "the text ends too early", 2},
      {R"({"a":1)", "the text ends too early", 6},
      {R"({"a":"b)", "the text ends too early", 7},
      {"{\"a\":\"b\\", "the text ends too early", 8},
      {"hello", "expected a JSON value", 0},
      {"{a:1}", "expected a member name in double quotes", 1},
      {R"({"a" 1})", "expected ':'", 5},
      {R"({"a":1;})", "expected ',' or '}'", 6},
      {R"({"a":{"b":1]})", "expected ',' or '}'", 11},
      {R"({"a":[1;]})", "expected ',' or ']'", 7},
      {R"({"a":nil})", "expected a JSON value", 5},
      {R"({"a":1.x})", "expected a digit", 7},
      {R"({"a":-x})", "expected a digit", 6},
      {R"({"a":1ex})", "expected a digit", 7},
      {R"({"a":1e999})", "the number is too large", 10},
      {"{\"a\":\"\n\"}", "a control character in a string must be escaped", 6},
      {R"({"a":"\q"})", "unknown escape in a string", 6},
      {R"({"a":"\u00zz"})", "expected four hexadecimal digits after \\u", 6},
      {R"({"a":"\ud800"})", "half of a surrogate pair in a string", 6},
      {"{\"a\":\"\xC0\"}", "not UTF-8", 6},
      {"{} x", "something follows the end of the JSON value", 3}};
  for (const auto& [text, why, at] : rows) {
    const auto fault = fault_of(text);
    CAF_CHECK_EQUAL(std::string{fault.why}, std::string{why});
    CAF_CHECK_EQUAL(fault.at, at);
  }
}

CAF_TEST(the last duplicate wins and extents parse to the same value) {
  for (const auto& text : requests) CAF_CHECK(reassembled(text) == json::parse(text));
  CAF_CHECK(reassembled(R"({"a":1,"\u0061":2})") == json::parse(R"({"a":2})"));
}

CAF_TEST(numbers overflow where a double does) {
  const std::string edge =
      "179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587"
      "207096330286416692887910946555547851940402630657488671505820681908902000708383676273854845817711"
      "531764475730270069855571366959622842914819860834936475292719074168444365510704342711559699508093"
      "042880177904174497792";
  auto below = edge;
  below.back() = '1';
  auto shifted = [](const std::string& digits, size_t point, int exponent) {
    return digits.substr(0, point) + "." + digits.substr(point) + "e" + std::to_string(exponent);
  };
  auto zeros = [](std::string head, size_t n) { return head.append(n, '0'); };
  std::vector<std::string> numbers{edge,        below,        edge + "0",  "1" + edge,
                                   edge + ".0", below + ".9", "0.0001e313"};
  for (const auto& digits : {edge, below}) {
    numbers.push_back("-" + digits);
    numbers.push_back(shifted(digits, 1, 308));
    numbers.push_back(shifted(digits, 1, 307));
    numbers.push_back(shifted(digits, 100, 209));
    numbers.push_back("0.000" + digits + "e312");
    numbers.push_back("0.000" + digits + "e313");
    numbers.push_back(digits + "e-1");
  }
  numbers.push_back(zeros("0.", 400) + "1e709");
  numbers.push_back(zeros("0.", 400) + "1e710");
  numbers.push_back(zeros("1", 308));
  numbers.push_back(zeros("1", 309));
  numbers.push_back(zeros("1", 400) + "e-93");
  numbers.push_back(zeros("1", 400) + "e-92");
  numbers.push_back(std::string(308, '9'));
  for (const auto& number : numbers) {
    if (accepts(number) != oracle(number)) CAF_ERROR("differs from the oracle: " << number);
  }
}

CAF_TEST(damaged requests are judged as nlohmann judges them) {
  std::mt19937 random{20'261'121};
  size_t accepted = 0;
  for (size_t i = 0; i < 20'000; ++i) {
    const auto text = mutate(requests[i % requests.size()], random);
    const bool expected = oracle(text);
    if (accepts(text) != expected) CAF_ERROR("differs from the oracle: " << text);
    if (!expected) continue;
    ++accepted;
    if (auto whole = json::parse(text); whole.is_object() && reassembled(text) != whole)
      CAF_ERROR("wrong extents: " << text);
  }
  CAF_MESSAGE(accepted << " of the mutants were still JSON");
  CAF_CHECK(accepted > 1'000 && accepted < 19'000);
}
