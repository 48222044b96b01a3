// The rooms protocol: reading a request, and writing what goes over the bus and back to the client.

#include "wire/dialect.hpp"

#include <benchmark/benchmark.h>

#include <string>

using namespace roomcast;

namespace {

constexpr wire::decode_limits bounds{255, 32};

void decode(benchmark::State& state, const std::string& text) {
  const auto& dialect = wire::rooms_dialect();
  std::string scratch;
  for (auto _ : state) benchmark::DoNotOptimize(dialect.decode(text, bounds, scratch));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}

std::string send_request(size_t message_bytes) {
  return R"({"type":"sendMessage","roomId":"room-17","message":")" + std::string(message_bytes, 'x')
         + R"("})";
}

void decode_subscribe(benchmark::State& state) { decode(state, R"({"type":"SUBSCRIBE","room":"room-17"})"); }
BENCHMARK(decode_subscribe);

void decode_send(benchmark::State& state) {
  decode(state, send_request(static_cast<size_t>(state.range(0))));
}
BENCHMARK(decode_send)->Arg(16)->Arg(128)->Arg(1024)->Arg(16384);

/// Chat as people write it: beyond ASCII, with a user and an object as message.
void decode_chat(benchmark::State& state) {
  decode(
      state, R"({"type":"chat","roomId":"café","id":7,"user":{"id":"u1","name":"Zoë"},)"
             R"("message":{"text":"Grüße aus Köln \ud83d\ude80","reply_to":null,"tags":["a","b"]}})");
}
BENCHMARK(decode_chat);

void decode_refused(benchmark::State& state) {
  decode(state, R"({"type":"sendMessage","roomId":"r","message")");
}
BENCHMARK(decode_refused);

void encode_event(benchmark::State& state) {
  const auto text = send_request(static_cast<size_t>(state.range(0)));
  std::string scratch;
  const auto request = wire::rooms_dialect().decode(text, bounds, scratch);
  if (!request) return state.SkipWithError("not decoded");
  for (auto _ : state) benchmark::DoNotOptimize(wire::event_text(*request));
}
BENCHMARK(encode_event)->Arg(128)->Arg(1024);

void encode_ack(benchmark::State& state) {
  std::string out;
  for (auto _ : state) {
    out.clear();
    wire::rooms_dialect().ack(out, "7", "room-17", {});
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(encode_ack);

} // namespace
