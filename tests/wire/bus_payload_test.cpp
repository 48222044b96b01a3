#define CAF_SUITE bus_payload
#include "wire/bus_payload.hpp"

#include <caf/test/dsl.hpp>

#include <string>
#include <vector>

using namespace roomcast;
using namespace roomcast::wire;

namespace {

constexpr size_t plenty = 1'048'576;

void check_excluded(const std::string& payload, std::string_view boot, uint64_t connection) {
  const auto decoded = decode_bus_payload(payload, plenty);
  if (!decoded) CAF_FAIL("refused: " << payload);
  CAF_CHECK_EQUAL(std::string{decoded->exclude_boot}, std::string{boot});
  CAF_CHECK_EQUAL(value(decoded->exclude_connection), connection);
  CAF_CHECK_EQUAL(std::string{decoded->text}, R"({"a":1})");
}

void check_refused(const std::string& payload, bus_reject why) {
  const auto decoded = decode_bus_payload(payload, plenty);
  if (decoded) CAF_FAIL("accepted: " << payload);
  CAF_CHECK_EQUAL(std::string{to_string(decoded.failure())}, std::string{to_string(why)});
}

std::string with_header(const std::string& parts) { return "\x01" + parts + "\n" + R"({"a":1})"; }

} // namespace

CAF_TEST(a payload without header is the text) { check_excluded(R"({"a":1})", "", 0); }

CAF_TEST(what is excluded is found again) {
  const auto payload = exclude("00ff00ff00ff00ff", connection_id{42}, R"({"a":1})");
  CAF_CHECK_EQUAL(payload, with_header("x=00ff00ff00ff00ff.42"));
  check_excluded(payload, "00ff00ff00ff00ff", 42);
  check_excluded(exclude("b", connection_id{UINT64_MAX}, R"({"a":1})"), "b", UINT64_MAX);
}

CAF_TEST(other parts of the header are ignored) {
  check_excluded(with_header(""), "", 0);
  check_excluded(with_header(";;"), "", 0);
  check_excluded(with_header("e=00000000000000ff;s=12;x=b.1"), "b", 1);
  check_excluded(with_header("x=b.1;E=abc;new"), "b", 1);
  check_excluded(with_header("xx=b.1;X=c.2;=;x"), "", 0);
  check_excluded(with_header("x=b.1;x=c.2"), "c", 2);
  check_excluded(with_header("x=b.c.3"), "b.c", 3);
}

CAF_TEST(a place in the history comes with its message) {
  const auto decoded = decode_bus_payload(with_header("e=00000000000000ff;s=12"), plenty);
  CAF_REQUIRE(static_cast<bool>(decoded));
  CAF_CHECK(decoded->at == (position{epoch_id{255}, 12}));
  CAF_CHECK(!decode_bus_payload(R"({"a":1})", plenty)->at);
}

CAF_TEST(what could not be numbered has no place) {
  const std::string header = std::string{'\x01'} + "e=00000000000000ff;s=12\n";
  for (std::string text : {"{}", "{1}", "{\"a\":1} ", "{\"a\":1"})
    check_refused(header + text, bus_reject::bad_header);
}

CAF_TEST(a damaged header is refused) {
  for (std::string parts :
       {"x=",
        "x=b",
        "x=.1",
        "x=b.",
        "x=b.x",
        "x=b.1x",
        "x=b.-1",
        "x=b.+1",
        "x=b. 1",
        "x=b.0",
        "x=b.18446744073709551616",
        "e=1;x=b",
        "x=b.1;x=",
        "e=00000000000000ff",
        "s=1",
        "e=00000000000000ff;s=0",
        "e=0000000000000000;s=1",
        "e=00000000000000FF;s=1",
        "e=00000000000000ff;s=",
        "e=00000000000000ff;s=1x",
        "e=00000000000000ff;s=18446744073709551616"})
    check_refused(with_header(parts), bus_reject::bad_header);
  check_refused("\x01", bus_reject::bad_header);
  check_refused("\x01x=b.1", bus_reject::bad_header);
  check_refused(R"(x=b.1{"a":1})", bus_reject::not_an_object);
}

CAF_TEST(a header line has at most 512 bytes) {
  check_excluded(with_header("x=b.1;y=" + std::string(502, 'y')), "b", 1);
  check_refused(with_header("x=b.1;y=" + std::string(503, 'y')), bus_reject::bad_header);
  check_refused("\x01" + std::string(100'000, 'y'), bus_reject::bad_header);
}

CAF_TEST(the text must begin as an object does) {
  for (std::string payload : {"", "[]", " {}", "hello", "\n{}"})
    check_refused(payload, bus_reject::not_an_object);
  check_refused("\x01x=b.1\n", bus_reject::not_an_object);
  check_refused("\x01x=b.1\n\x01x=b.1\n{}", bus_reject::not_an_object);
}

CAF_TEST(the text must be UTF8) {
  check_refused("{\"a\":\"\xFF\"}", bus_reject::not_utf8);
  check_refused("{\"a\":\"\xE2\x82", bus_reject::not_utf8);
  check_refused("\x01\n{\xC0\x80", bus_reject::not_utf8);
  CAF_CHECK(decode_bus_payload("{\"a\":\"\xE2\x82\xAC\"}", plenty).ok());
}

CAF_TEST(the size is bounded with its header) {
  const auto payload = with_header("x=b.1");
  CAF_CHECK(decode_bus_payload(payload, payload.size()).ok());
  const auto refused = decode_bus_payload(payload, payload.size() - 1);
  CAF_REQUIRE(!refused.ok());
  CAF_CHECK(refused.failure() == bus_reject::too_large);
}

CAF_TEST(every reason has a name) {
  CAF_CHECK(to_string(bus_reject::too_large) == "too_large");
  CAF_CHECK(to_string(bus_reject::not_utf8) == "not_utf8");
  CAF_CHECK(to_string(bus_reject::not_an_object) == "not_an_object");
  CAF_CHECK(to_string(bus_reject::bad_header) == "bad_header");
}
