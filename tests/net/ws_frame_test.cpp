#define CAF_SUITE ws_frame
#include "net/ws_frame.hpp"

#include <caf/test/dsl.hpp>

#include <initializer_list>
#include <random>
#include <string>
#include <vector>

using namespace roomcast;
using namespace roomcast::net;

namespace {

constexpr size_t limit = 65'536;
constexpr std::array<char, 4> key{0x37, '\xFA', 0x21, 0x3D};

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (int value : values) text.push_back(static_cast<char>(value));
  return text;
}

/// One frame as a client sends it.
std::string sent(opcode op, std::string_view payload, bool final = true) {
  std::string out;
  append_client_frame(out, op, payload, key, final);
  return out;
}

std::string masked_header(int first, std::initializer_list<int> length) {
  auto out = bytes({first}) + bytes(length);
  out[1] |= static_cast<char>(0x80);
  return out.append(key.data(), key.size());
}

/// An event as text: `text:hello`, `binary:..`, `ping:..`, `pong:..`, `close 1000:bye`, `failed 1002`.
std::string describe(const frame_event& event) {
  const std::string payload{event.payload};
  const auto number = std::to_string(static_cast<unsigned>(event.code));
  switch (event.kind) {
  case frame_event::message: return (event.binary ? "binary:" : "text:") + payload;
  case frame_event::ping: return "ping:" + payload;
  case frame_event::pong: return "pong:" + payload;
  case frame_event::close: return "close " + number + ":" + payload;
  case frame_event::failed: return "failed " + number;
  case frame_event::none: break;
  }
  return "none";
}

using events = std::vector<std::string>;

struct reader {
  ws_decoder decoder{ws_decoder::sender::client, limit};
  events seen{};

  void feed(std::string input) {
    std::span<char> rest{input};
    for (;;) {
      const auto event = decoder.next(rest);
      if (event.kind == frame_event::none) break;
      seen.push_back(describe(event));
    }
    CAF_REQUIRE(rest.empty());
  }
};

events decode(const std::string& input) {
  reader r;
  r.feed(input);
  return r.seen;
}

/// The same input whole, split at every byte, and byte by byte.
void check(const std::string& input, const events& expected) {
  CAF_CHECK_EQUAL(decode(input), expected);
  for (size_t at = 1; at < input.size(); ++at) {
    reader r;
    r.feed(input.substr(0, at));
    r.feed(input.substr(at));
    CAF_CHECK_EQUAL(r.seen, expected);
  }
  reader r;
  for (char c : input) r.feed(std::string(1, c));
  CAF_CHECK_EQUAL(r.seen, expected);
}

const events protocol_error{"failed 1002"};
const events invalid_payload{"failed 1007"};

} // namespace

// -- messages ----------------------------------------------------------------

CAF_TEST(the example of the RFC decodes) {
  check(bytes({0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58}), {"text:Hello"});
}

CAF_TEST(text and binary messages and pings and pongs are told apart) {
  check(
      sent(opcode::text, "a") + sent(opcode::binary, "\xFF") + sent(opcode::ping, "b")
          + sent(opcode::pong, "c"),
      {"text:a", "binary:\xFF", "ping:b", "pong:c"});
}

CAF_TEST(empty frames of every kind are accepted) {
  check(
      sent(opcode::text, "") + sent(opcode::binary, "") + sent(opcode::ping, "") + sent(opcode::pong, ""),
      {"text:", "binary:", "ping:", "pong:"});
}

CAF_TEST(fragments become one message) {
  check(
      sent(opcode::text, "one ", false) + sent(opcode::continuation, "", false)
          + sent(opcode::continuation, "two ", false) + sent(opcode::continuation, "three")
          + sent(opcode::text, "four"),
      {"text:one two three", "text:four"});
  check(sent(opcode::binary, "\xFF", false) + sent(opcode::continuation, "\xFE"), {"binary:\xFF\xFE"});
}

CAF_TEST(control frames may come between fragments) {
  check(
      sent(opcode::text, "one ", false) + sent(opcode::ping, "p") + sent(opcode::pong, "q")
          + sent(opcode::continuation, "two"),
      {"ping:p", "pong:q", "text:one two"});
}

CAF_TEST(a character may be split over fragments) {
  check(
      sent(opcode::text, "k\xC3", false) + sent(opcode::ping, "") + sent(opcode::continuation, "\xB6lsch"),
      {"ping:", "text:k\xC3\xB6lsch"});
}

CAF_TEST(an unfragmented frame is not copied) {
  auto input = sent(opcode::text, "zero copy");
  ws_decoder decoder{ws_decoder::sender::client, limit};
  std::span<char> rest{input};
  const auto event = decoder.next(rest);
  CAF_CHECK_EQUAL(static_cast<const void*>(event.payload.data()), static_cast<const void*>(input.data() + 6));
  CAF_CHECK(decoder.idle());
}

CAF_TEST(nothing is kept once a message is delivered) {
  reader r;
  CAF_CHECK(sizeof(ws_decoder) <= 32);
  const auto message = sent(opcode::text, "one ", false) + sent(opcode::continuation, "two");
  r.feed(message.substr(0, 9));
  CAF_CHECK(!r.decoder.idle());
  r.feed(message.substr(9));
  CAF_CHECK(r.decoder.idle());
  CAF_CHECK_EQUAL(r.seen, events{"text:one two"});
}

CAF_TEST(masks apply at every offset and size) {
  std::string payload;
  for (int i = 0; i < 40; ++i) payload.push_back(static_cast<char>('a' + i % 26));
  for (size_t size = 0; size <= payload.size(); ++size) {
    const auto part = payload.substr(0, size);
    check(sent(opcode::text, part), {"text:" + part});
  }
}

// -- broken frames -----------------------------------------------------------

CAF_TEST(reserved bits are refused) {
  for (int bit : {0x40, 0x20, 0x10})
    for (int op : {0x1, 0x2, 0x8, 0x9, 0xA}) check(masked_header(0x80 | bit | op, {0}), protocol_error);
}

CAF_TEST(reserved opcodes are refused) {
  for (int op : {0x3, 0x4, 0x5, 0x6, 0x7, 0xB, 0xC, 0xD, 0xE, 0xF}) {
    check(masked_header(0x80 | op, {0}), protocol_error);
    check(masked_header(op, {0}), protocol_error);
  }
}

CAF_TEST(reserved things are refused at their first byte) {
  CAF_CHECK_EQUAL(decode(bytes({0xC1})), protocol_error);
  CAF_CHECK_EQUAL(decode(bytes({0x83})), protocol_error);
  CAF_CHECK_EQUAL(decode(bytes({0x80})), protocol_error);
  CAF_CHECK_EQUAL(decode(bytes({0x81, 0x05})), protocol_error);
}

CAF_TEST(unmasked frames of a client are refused) {
  std::string unmasked;
  append_frame(unmasked, opcode::text, "hi");
  check(unmasked, protocol_error);
  check(sent(opcode::text, "a") + unmasked, {"text:a", "failed 1002"});
}

CAF_TEST(lengths must have the shortest form) {
  check(masked_header(0x82, {126, 0, 125}), protocol_error);
  check(masked_header(0x82, {126, 0, 0}), protocol_error);
  check(masked_header(0x82, {127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}), protocol_error);
  check(masked_header(0x82, {127, 0, 0, 0, 0, 0, 0, 0, 0}), protocol_error);
}

CAF_TEST(the top bit of a length must be clear) {
  check(masked_header(0x82, {127, 0x80, 0, 0, 0, 0, 1, 0, 0}), protocol_error);
  check(masked_header(0x82, {127, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}), protocol_error);
}

CAF_TEST(control frames are short and whole) {
  const std::string longest(125, 'x');
  check(sent(opcode::ping, longest), {"ping:" + longest});
  for (auto op : {opcode::close, opcode::ping, opcode::pong}) {
    check(sent(op, longest + "x"), protocol_error);
    check(sent(op, "", false), protocol_error);
  }
  check(masked_header(0x89, {127, 0, 0, 0, 0, 0, 1, 0, 0}), protocol_error);
}

CAF_TEST(a continuation needs a beginning) {
  check(sent(opcode::continuation, "x"), protocol_error);
  check(sent(opcode::continuation, "x", false), protocol_error);
  check(sent(opcode::text, "a") + sent(opcode::continuation, "x"), {"text:a", "failed 1002"});
}

CAF_TEST(a message may not begin within another) {
  check(sent(opcode::text, "a", false) + sent(opcode::text, "b"), protocol_error);
  check(sent(opcode::binary, "a", false) + sent(opcode::text, "b", false), protocol_error);
}

CAF_TEST(nothing is decoded after a failure) {
  check(sent(opcode::continuation, "") + sent(opcode::text, "late"), protocol_error);
}

// -- UTF-8 -------------------------------------------------------------------

CAF_TEST(text that is not UTF8 is refused) {
  check(sent(opcode::text, "\xC0\x80"), invalid_payload);
  check(sent(opcode::text, "ends in the middle \xE2\x82"), invalid_payload);
  check(sent(opcode::text, "\xC3", false) + sent(opcode::continuation, "x"), invalid_payload);
  check(sent(opcode::text, "\xC3", false) + sent(opcode::continuation, ""), invalid_payload);
  check(sent(opcode::text, "\xED\xA0\x80", false), invalid_payload);
}

CAF_TEST(text that is not UTF8 is refused before the frame is complete) {
  const auto frame = sent(opcode::text, "\xFFthe rest");
  CAF_CHECK_EQUAL(decode(frame.substr(0, 7)), invalid_payload);
}

// -- limits ------------------------------------------------------------------

CAF_TEST(a message of exactly the limit is accepted) {
  const std::string payload(limit, 'x');
  CAF_CHECK_EQUAL(decode(sent(opcode::text, payload)), events{"text:" + payload});
  CAF_CHECK_EQUAL(
      decode(
          sent(opcode::text, payload.substr(1), false) + sent(opcode::ping, "")
          + sent(opcode::continuation, "x")),
      (events{"ping:", "text:" + payload}));
}

CAF_TEST(a frame over the limit is refused from its header) {
  CAF_CHECK_EQUAL(decode(bytes({0x82, 0xFF, 0, 0, 0, 0, 0, 1, 0, 1})), events{"failed 1009"});
  CAF_CHECK_EQUAL(
      decode(bytes({0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF})), events{"failed 1009"});
}

CAF_TEST(fragments over the limit together are refused from the header) {
  const std::string payload(limit, 'x');
  CAF_CHECK_EQUAL(
      decode(sent(opcode::text, payload, false) + sent(opcode::continuation, "x").substr(0, 2)),
      events{"failed 1009"});
}

// -- close -------------------------------------------------------------------

CAF_TEST(a close frame tells code and reason) {
  check(sent(opcode::close, ""), {"close 1005:"});
  check(sent(opcode::close, close_payload(close_code::normal, "")), {"close 1000:"});
  check(sent(opcode::close, close_payload(close_code::going_away, "bye")), {"close 1001:bye"});
  check(sent(opcode::close, bytes({0x0F, 0xA0}) + "own"), {"close 4000:own"});
}

CAF_TEST(nothing is decoded after a close frame) {
  check(sent(opcode::close, "") + sent(opcode::text, "late") + sent(opcode::close, ""), {"close 1005:"});
}

CAF_TEST(a close frame may come within a message) {
  check(sent(opcode::text, "a", false) + sent(opcode::close, ""), {"close 1005:"});
}

CAF_TEST(a close frame of one byte is refused) { check(sent(opcode::close, "\x03"), protocol_error); }

CAF_TEST(only valid close codes are accepted) {
  for (int code = 0; code < 6000; ++code) {
    const auto payload = bytes({code >> 8, code & 0xFF});
    const bool valid = may_be_received(static_cast<uint16_t>(code));
    CAF_REQUIRE_EQUAL(
        decode(sent(opcode::close, payload)),
        valid ? events{"close " + std::to_string(code) + ":"} : protocol_error);
  }
  check(sent(opcode::close, bytes({0xFF, 0xFF})), protocol_error);
}

CAF_TEST(a close reason must be UTF8) {
  check(sent(opcode::close, bytes({0x03, 0xE8, 0xFF})), invalid_payload);
  check(sent(opcode::close, bytes({0x03, 0xE8, 0xC3})), invalid_payload);
}

CAF_TEST(close codes that must not be sent give an empty payload) {
  CAF_CHECK_EQUAL(close_payload(close_code::no_status, "x"), "");
  CAF_CHECK_EQUAL(close_payload(close_code::abnormal, "x"), "");
}

CAF_TEST(a long close reason is cut between characters) {
  const auto payload = close_payload(close_code::normal, std::string(122, 'x') + "\xC3\xB6");
  CAF_CHECK_EQUAL(payload, bytes({0x03, 0xE8}) + std::string(122, 'x'));
  CAF_CHECK_EQUAL(close_payload(close_code::normal, std::string(200, 'x')).size(), max_control_bytes);
}

// -- encoding ----------------------------------------------------------------

CAF_TEST(headers have the shortest form) {
  auto header = [](size_t size) {
    std::string out(max_frame_header_bytes, '\0');
    out.resize(write_frame_header(out.data(), opcode::text, size));
    CAF_CHECK_EQUAL(out.size(), frame_header_size(size));
    return out;
  };
  CAF_CHECK_EQUAL(header(0), bytes({0x81, 0}));
  CAF_CHECK_EQUAL(header(125), bytes({0x81, 125}));
  CAF_CHECK_EQUAL(header(126), bytes({0x81, 126, 0, 126}));
  CAF_CHECK_EQUAL(header(65'535), bytes({0x81, 126, 0xFF, 0xFF}));
  CAF_CHECK_EQUAL(header(65'536), bytes({0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0}));
}

CAF_TEST(both builders write the same frame) {
  for (size_t size : {0u, 1u, 125u, 126u, 65'535u, 65'536u}) {
    const std::string payload(size, 'x');
    bytes_builder shared;
    std::string text;
    append_frame(shared, opcode::text, payload);
    append_frame(text, opcode::text, payload);
    CAF_CHECK_EQUAL(shared.view(), text);
  }
}

CAF_TEST(what is encoded decodes in both directions) {
  for (size_t size : {0u, 1u, 125u, 126u, 65'535u, 65'536u}) {
    const std::string payload(size, 'x');
    CAF_CHECK_EQUAL(decode(sent(opcode::text, payload)), events{"text:" + payload});
    reader client{ws_decoder{ws_decoder::sender::server, limit}};
    std::string frame;
    append_frame(frame, opcode::text, payload);
    client.feed(frame);
    CAF_CHECK_EQUAL(client.seen, events{"text:" + payload});
  }
}

CAF_TEST(masked frames of a server are refused) {
  reader client{ws_decoder{ws_decoder::sender::server, limit}};
  client.feed(sent(opcode::text, "hi"));
  CAF_CHECK_EQUAL(client.seen, protocol_error);
}

CAF_TEST(any fragmentation in any chunks gives the same messages) {
  std::mt19937 random{20'261'121};
  auto below = [&](size_t n) { return random() % n; };
  for (int round = 0; round < 200; ++round) {
    std::string input;
    events expected;
    for (size_t messages = 1 + below(4); messages > 0; --messages) {
      std::string text;
      for (size_t n = below(300); n > 0; --n) text += below(8) == 0 ? "\xF0\x9F\x8D\xBA" : "x";
      size_t at = 0;
      auto op = opcode::text;
      while (below(3) != 0) {
        const size_t n = below(text.size() - at + 1);
        append_client_frame(input, op, text.substr(at, n), {char(random()), char(random()), 3, 4}, false);
        at += n;
        op = opcode::continuation;
        if (below(2) != 0) continue;
        input += sent(opcode::ping, "p");
        expected.push_back("ping:p");
      }
      append_client_frame(input, op, text.substr(at), {1, char(random()), 3, 0});
      expected.push_back("text:" + text);
    }
    reader r;
    for (size_t at = 0; at < input.size();) {
      const size_t n = 1 + below(40);
      r.feed(input.substr(at, n));
      at += n;
    }
    CAF_CHECK_EQUAL(r.seen, expected);
    CAF_CHECK(r.decoder.idle());
  }
}
