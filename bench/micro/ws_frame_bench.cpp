// The WebSocket codec: what every message costs on its way in, and each room message once on its way out.

#include "net/ws_frame.hpp"

#include <benchmark/benchmark.h>

#include <string>

using namespace roomcast;

namespace {

constexpr size_t max_message_bytes = 65536;

/// One masked text frame, as a client sends it.
std::string client_frame(size_t payload_bytes) {
  std::string frame;
  net::append_client_frame(
      frame, net::opcode::text, std::string(payload_bytes, 'x'), {'\x12', '\x34', '\x56', '\x78'});
  return frame;
}

/// Decoding unmasks in place, so the frame is copied first; that copy is part of the figure.
void decode_whole_frame(benchmark::State& state) {
  const auto frame = client_frame(static_cast<size_t>(state.range(0)));
  net::ws_decoder decoder{net::ws_decoder::sender::client, max_message_bytes};
  std::string input;
  for (auto _ : state) {
    input.assign(frame);
    std::span<char> bytes{input};
    benchmark::DoNotOptimize(decoder.next(bytes));
    benchmark::DoNotOptimize(decoder.next(bytes));
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * frame.size()));
}
BENCHMARK(decode_whole_frame)->Arg(16)->Arg(128)->Arg(1024)->Arg(16384);

/// A busy connection: one read brings many frames.
void decode_many_frames(benchmark::State& state) {
  constexpr int frames = 64;
  std::string sent;
  for (int i = 0; i < frames; ++i) sent += client_frame(128);
  net::ws_decoder decoder{net::ws_decoder::sender::client, max_message_bytes};
  std::string input;
  for (auto _ : state) {
    input.assign(sent);
    std::span<char> bytes{input};
    while (decoder.next(bytes).kind == net::frame_event::message) {}
  }
  state.SetItemsProcessed(state.iterations() * frames);
}
BENCHMARK(decode_many_frames);

/// A frame that arrives in two reads: the slow path, which keeps bytes.
void decode_split_frame(benchmark::State& state) {
  const auto frame = client_frame(static_cast<size_t>(state.range(0)));
  net::ws_decoder decoder{net::ws_decoder::sender::client, max_message_bytes};
  std::string input;
  for (auto _ : state) {
    input.assign(frame);
    const std::span<char> all{input};
    auto first = all.first(all.size() / 2);
    auto second = all.subspan(all.size() / 2);
    benchmark::DoNotOptimize(decoder.next(first));
    benchmark::DoNotOptimize(decoder.next(second));
    benchmark::DoNotOptimize(decoder.next(second));
  }
}
BENCHMARK(decode_split_frame)->Arg(128)->Arg(16384);

void encode_frame(benchmark::State& state) {
  const std::string payload(static_cast<size_t>(state.range(0)), 'x');
  for (auto _ : state) {
    bytes_builder out{payload.size() + net::max_frame_header_bytes};
    net::append_frame(out, net::opcode::text, payload);
    benchmark::DoNotOptimize(out.finish());
  }
}
BENCHMARK(encode_frame)->Arg(16)->Arg(128)->Arg(1024)->Arg(16384);

} // namespace
