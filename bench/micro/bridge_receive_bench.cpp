// The way in from Redis: bytes of one read to events of many rooms.

#include "actors/event_router.hpp"
#include "actors/io_unit.hpp"
#include "bench/micro/null_room.hpp"
#include "core/limits.hpp"
#include "net/io_thread.hpp"
#include "net/resp.hpp"
#include "wire/bus_payload.hpp"

#include <benchmark/benchmark.h>

#include <string>
#include <unordered_map>

using namespace roomcast;

namespace {

constexpr int messages_per_read = 64;

std::string payload(size_t message_bytes) {
  return R"({"type":"sendMessage","roomId":"room-17","message":")" + std::string(message_bytes, 'x')
         + R"("})";
}

std::string channel_name(int room) { return "roomcast:ch:{room-" + std::to_string(room) + "}"; }

/// What Redis sends for messages to `rooms` rooms in turn.
std::string one_read(int rooms, size_t message_bytes) {
  std::string bytes;
  for (int i = 0; i < messages_per_read; ++i) {
    bytes += "*3\r\n";
    net::append_bulk(bytes, "message");
    net::append_bulk(bytes, channel_name(i % rooms));
    net::append_bulk(bytes, payload(message_bytes));
  }
  return bytes;
}

void parse_messages(benchmark::State& state) {
  const auto bytes = one_read(1, static_cast<size_t>(state.range(0)));
  net::resp_parser parser;
  for (auto _ : state)
    for (std::string_view rest = bytes; !rest.empty(); rest.remove_prefix(parser.consumed()))
      if (parser.parse(rest) != net::resp_parser::status::complete) return state.SkipWithError("not parsed");
  state.SetItemsProcessed(state.iterations() * messages_per_read);
}
BENCHMARK(parse_messages)->Arg(128)->Arg(1024);

void check_payload(benchmark::State& state) {
  const auto text = payload(static_cast<size_t>(state.range(0)));
  for (auto _ : state)
    benchmark::DoNotOptimize(wire::decode_bus_payload(text, limits::max_bus_payload_bytes));
}
BENCHMARK(check_payload)->Arg(128)->Arg(1024)->Arg(16384);

void check_payload_with_header(benchmark::State& state) {
  const auto text = wire::exclude("0123456789abcdef", connection_id{7}, payload(128));
  for (auto _ : state)
    benchmark::DoNotOptimize(wire::decode_bus_payload(text, limits::max_bus_payload_bytes));
}
BENCHMARK(check_payload_with_header);

/// Rooms attached to a router, found by channel as the subscriber link does.
class routed_rooms {
public:
  explicit routed_rooms(int count) {
    for (int i = 0; i < count; ++i) {
      const auto name = *room_name::parse("room-" + std::to_string(i));
      channels_.emplace(channel_name(i), &router_.attach({name, room_.handle(), 1}));
    }
  }
  ~routed_rooms() { router_.release_all(); }

  void receive(std::string_view channel, std::string_view text) {
    const auto decoded = wire::decode_bus_payload(text, limits::max_bus_payload_bytes);
    const auto known = channels_.find(channel);
    if (decoded && known != channels_.end()) router_.add(*known->second, {decoded->text});
  }
  void hand_out() { router_.hand_out(); }

private:
  struct text_hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  bench::null_room room_;
  net::io_thread thread_{0};
  actors::io_unit unit_{room_.system(), thread_};
  actors::event_router router_{unit_, [] {}};
  std::unordered_map<std::string, actors::event_router::channel*, text_hash, std::equal_to<>> channels_;
};

/// All of it, to the actor messages: one per room and read.
void receive_one_read(benchmark::State& state) {
  const auto rooms = static_cast<int>(state.range(0));
  const auto bytes = one_read(rooms, 128);
  routed_rooms routed{rooms};
  net::resp_parser parser;
  for (auto _ : state) {
    for (std::string_view rest = bytes; !rest.empty(); rest.remove_prefix(parser.consumed())) {
      if (parser.parse(rest) != net::resp_parser::status::complete) return state.SkipWithError("not parsed");
      const auto message = parser.value();
      routed.receive(message[1].text(), message[2].text());
    }
    routed.hand_out();
  }
  state.SetItemsProcessed(state.iterations() * messages_per_read);
}
BENCHMARK(receive_one_read)->Arg(1)->Arg(8)->Arg(64);

} // namespace
