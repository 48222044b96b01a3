#include "bench/load/plan.hpp"

#include "bench/load/clock.hpp"

#include <cstdio>
#include <unistd.h>

namespace roomcast::bench {
namespace {

uint16_t fresh_run_number() {
  return static_cast<uint16_t>(now_ns() >> 10 ^ static_cast<uint64_t>(getpid()) * 40503);
}

std::string prefix_of(uint16_t run) {
  char text[16];
  std::snprintf(text, sizeof text, "b%04x-", run);
  return text;
}

} // namespace

run_plan::run_plan(const options& o) :
    options_(o),
    payloads_(fresh_run_number(), o.size),
    room_prefix_(o.room_prefix.empty() ? prefix_of(payloads_.run()) : o.room_prefix),
    room_publishers_(o.rooms),
    publisher_index_(size_t{o.publishers} * o.joins) {
  for (uint32_t p = 0; p < o.publishers; ++p)
    for (uint32_t slot = 0; slot < o.joins; ++slot)
      publisher_index_[size_t{p} * o.joins + slot] = room_publishers_[room_of(p, slot)]++;
}

role run_plan::role_of(uint32_t connection) const noexcept {
  if (connection >= options_.connections - options_.stalled) return role::stalled;
  if (connection >= options_.connections - options_.churners) return role::churner;
  return role::member;
}

const node_address& run_plan::node_of(uint32_t connection) const noexcept {
  const auto lap = options_.rooms < options_.connections ? connection / options_.rooms : connection;
  return options_.nodes[lap % options_.nodes.size()];
}

prepared_publish prepare(const run_plan& plan, mark::kind_t kind, uint32_t room, uint32_t publisher) {
  prepared_publish ready;
  ready.text =
      expand(plan.opt().dialect->publish, plan.room_name(room), plan.payloads().make(kind, room, publisher));
  ready.id_at = ready.text.find("%I");
  if (ready.id_at != std::string::npos) ready.text.replace(ready.id_at, 2, "100000000");
  ready.payload_at = payload_format::find(ready.text);
  return ready;
}

} // namespace roomcast::bench
