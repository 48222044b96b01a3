// Any bytes into the WebSocket decoder. The oracle: whole or in pieces, the same events come out; what comes
// out keeps its promises; and messages encoded again decode to themselves.
#include "net/ws_frame.hpp"

#include "core/utf8.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

using namespace roomcast;
using namespace roomcast::net;

namespace {

constexpr size_t limit = 300; // small, so that the fuzzer reaches it

struct seen {
  frame_event::kind_t kind;
  bool binary;
  close_code code;
  std::string payload;
  bool operator==(const seen&) const = default;
};

void require(bool promise) {
  if (!promise) std::abort();
}

void check(const frame_event& event) {
  switch (event.kind) {
  case frame_event::message:
    require(event.payload.size() <= limit);
    require(event.binary || is_utf8(event.payload));
    break;
  case frame_event::ping:
  case frame_event::pong: require(event.payload.size() <= max_control_bytes); break;
  case frame_event::close:
    require(is_utf8(event.payload));
    require(
        event.code == close_code::no_status ? event.payload.empty()
                                            : may_be_received(static_cast<uint16_t>(event.code)));
    break;
  default: break;
  }
}

void feed(ws_decoder& decoder, std::string input, std::vector<seen>& events) {
  std::span<char> rest{input};
  for (;;) {
    const auto event = decoder.next(rest);
    if (event.kind == frame_event::none) break;
    check(event);
    events.push_back({event.kind, event.binary, event.code, std::string{event.payload}});
  }
  require(rest.empty());
}

std::vector<seen> decode(ws_decoder::sender from, const std::string& input) {
  ws_decoder decoder{from, limit};
  std::vector<seen> events;
  feed(decoder, input, events);
  return events;
}

/// `seed` gives the sizes of the pieces; 0: byte by byte.
std::vector<seen> decode_in_pieces(ws_decoder::sender from, const std::string& input, uint8_t seed) {
  ws_decoder decoder{from, limit};
  std::vector<seen> events;
  uint32_t state = seed;
  for (size_t at = 0; at < input.size();) {
    state = state * 1'664'525 + 1'013'904'223;
    const size_t n = seed == 0 ? 1 : 1 + (state >> 24) % (seed + 1u);
    feed(decoder, input.substr(at, n), events);
    at += n;
  }
  return events;
}

void check_round_trip(const seen& event) {
  if (event.kind != frame_event::message) return;
  std::string again;
  append_client_frame(again, event.binary ? opcode::binary : opcode::text, event.payload, {'k', 'e', 'y', 0});
  require(decode(ws_decoder::sender::client, again) == std::vector<seen>{event});
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const auto from = data[0] & 1 ? ws_decoder::sender::server : ws_decoder::sender::client;
  const std::string input(reinterpret_cast<const char*>(data + 2), size - 2);
  const auto whole = decode(from, input);
  require(whole == decode_in_pieces(from, input, 0));
  require(whole == decode_in_pieces(from, input, data[1]));
  for (const auto& event : whole) check_round_trip(event);
  return 0;
}
