// A room's batch: encoded once, then one share per member.

#include "actors/batch.hpp"
#include "bench/micro/null_room.hpp"
#include "core/limits.hpp"

#include <caf/actor_cast.hpp>

#include <benchmark/benchmark.h>

#include <string>

using namespace roomcast;

namespace {

constexpr connection_id nobody{};
constexpr connection_id sender{7};

/// Batches of a room that hears of their end and does nothing about it.
class batch_source {
public:
  batch_source() :
      name_(*room_name::parse("room-17")),
      pool_(ref<actors::unflushed_bytes>::make(limits::max_unflushed_bytes, [] {})),
      owner_(caf::actor_cast<caf::strong_actor_ptr>(room_.handle())) {}

  ref<actors::batch> make(int64_t events, connection_id excluded = nobody) {
    const auto list = ref<actors::event_batch>::make(pool_);
    for (int64_t i = 0; i < events; ++i) list->append({text_, excluded});
    builder_.reserve(list->count(), list->text_bytes());
    list->for_each([this](const actors::event_batch::event& e) { builder_.append(e.text, 0, e.excluded); });
    builder_.keep(list->take_credit());
    return builder_.seal(name_, owner_);
  }

private:
  bench::null_room room_;
  room_name name_;
  ref<actors::unflushed_bytes> pool_;
  caf::strong_actor_ptr owner_;
  actors::batch_builder builder_;
  std::string text_ =
      R"({"type":"sendMessage","roomId":"room-17","message":")" + std::string(128, 'x') + R"("})";
};

/// From the bridge's events to a sealed batch and its end, `flushed` included.
void make_batch(benchmark::State& state) {
  batch_source source;
  for (auto _ : state) benchmark::DoNotOptimize(source.make(state.range(0)));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(make_batch)->Arg(1)->Arg(8)->Arg(64);

/// What each member pays: two counts up, two down.
void share_with_member(benchmark::State& state) {
  batch_source source;
  const auto batch = source.make(8);
  for (auto _ : state) benchmark::DoNotOptimize(batch->share_of(sender, actors::variant::plain));
}
BENCHMARK(share_with_member);

/// The one member that gets its own copy, without the event it is excluded from.
void share_with_excluded_sender(benchmark::State& state) {
  batch_source source;
  const auto batch = source.make(8, sender);
  for (auto _ : state) benchmark::DoNotOptimize(batch->share_of(sender, actors::variant::plain));
}
BENCHMARK(share_with_excluded_sender);

} // namespace
