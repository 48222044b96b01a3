#include "bench/load/load_run.hpp"

#include "bench/load/clock.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <map>

namespace roomcast::bench {

load_run::load_run(const options& o) : plan_(o), options_(plan_.opt()), state_(o.rooms) {
  for (uint32_t i = 0; i < options_.threads; ++i)
    workers_.push_back(std::make_unique<worker>(plan_, state_, i));
  create_clients();
  if (!options_.dialect->echoes && options_.closed_loop()) appoint_witnesses();
}

void load_run::execute() {
  record_.calibration_before = calibrate();
  record_.before = take_memory();
  record_.start = take_snapshot();
  std::vector<std::thread> threads;
  for (auto& w : workers_) threads.emplace_back([&w] { w->serve(); });
  wait_until_joined();
  count_memberships();
  settle();
  options_.idle ? hold_idle() : measure();
  record_.after = take_memory();
  if (options_.stalled > 0 && !options_.idle) resume_stalled();
  close();
  for (auto& t : threads) t.join();
  record_.calibration_after = calibrate();
}

uint64_t load_run::total(counter counters::*which) const noexcept {
  uint64_t sum = 0;
  for (const auto& w : workers_) sum += (w->counts.*which).get();
  return sum;
}

uint64_t load_run::expected_by_stalled() const {
  std::vector<uint64_t> published(options_.rooms);
  for (uint32_t p = 0; p < options_.publishers; ++p)
    for (uint32_t slot = 0; slot < options_.joins; ++slot)
      published[plan_.room_of(p, slot)] += clients_[p]->requests[slot].sequence;
  uint64_t sum = 0;
  for (const auto& c : clients_)
    for (uint32_t slot = 0; c->part == role::stalled && slot < options_.joins; ++slot)
      sum += published[plan_.room_of(c->id, slot)];
  return sum;
}

// -- before --------------------------------------------------------------------

void load_run::create_clients() {
  for (uint32_t i = 0; i < options_.connections; ++i) {
    clients_.push_back(std::make_unique<client>(i, plan_.role_of(i)));
    workers_[i % options_.threads]->adopt(*clients_.back());
  }
}

/// Where publishers get no echo, the next member of the room in the same thread reports each delivery.
void load_run::appoint_witnesses() {
  std::map<std::pair<uint32_t, uint32_t>, std::vector<client*>> members; // of (room, thread)
  for (const auto& c : clients_)
    for (uint32_t slot = 0; c->part == role::member && slot < options_.joins; ++slot)
      members[{plan_.room_of(c->id, slot), c->id % options_.threads}].push_back(c.get());
  for (uint32_t p = 0; p < options_.publishers; ++p)
    for (uint32_t slot = 0; slot < options_.joins; ++slot) {
      const auto room = plan_.room_of(p, slot);
      const auto& mates = members[{room, p % options_.threads}];
      if (mates.size() < 2)
        die("closed loop without echo needs two members of room " + std::to_string(room) + " in one thread");
      const auto me =
          static_cast<size_t>(std::find(mates.begin(), mates.end(), clients_[p].get()) - mates.begin());
      mates[(me + 1) % mates.size()]->witness_for.emplace_back(
          uint64_t{room} << 32 | plan_.publisher_index(p, slot), clients_[p].get());
    }
}

void load_run::wait_until_joined() {
  while (total(&counters::settled) < options_.connections) nap(0.002);
  record_.joined = take_snapshot();
  for (const auto& w : workers_)
    if (w->last_join_ns > 0)
      record_.connect_s = std::max(record_.connect_s, seconds(w->last_join_ns - record_.start.at_ns));
  say("%u of %u joined in %.2f s", static_cast<unsigned>(total(&counters::joined)), options_.connections,
      record_.connect_s);
}

/// Workers do not touch their connections now: nothing is on its way until the next phase begins.
void load_run::count_memberships() {
  for (const auto& c : clients_) {
    if (c->state != client_state::live) continue;
    record_.stalled += c->part == role::stalled;
    for (uint32_t slot = 0; slot < options_.joins; ++slot) {
      const auto room = plan_.room_of(c->id, slot);
      ++state_.probe_wanted[room];
      state_.readers[room] += c->part == role::member;
      if (state_.prober[room] == run_state::nobody) state_.prober[room] = c->id;
    }
  }
  if (options_.dialect->echoes) return;
  for (auto& wanted : state_.probe_wanted) wanted -= wanted > 0;
}

uint64_t load_run::missing_probes() const noexcept {
  uint64_t missing = 0;
  for (uint32_t room = 0; room < options_.rooms; ++room) {
    const auto seen = state_.probe_seen[room].load();
    missing += state_.probe_wanted[room] - std::min(seen, state_.probe_wanted[room]);
  }
  return missing;
}

/// So that a subscription which a lazy broker has not made yet is not taken for loss.
void load_run::settle() {
  constexpr double repeat_after_s = 1;
  state_.now = phase::settle;
  const auto begin = now_ns();
  double next_round = 0;
  for (;;) {
    const double elapsed = seconds(now_ns() - begin);
    record_.settle_s = elapsed;
    record_.settle_missing = missing_probes();
    if (record_.settle_missing == 0 || elapsed > options_.settle) break;
    if (elapsed >= next_round) {
      ++state_.probe_round;
      next_round = elapsed + repeat_after_s;
    }
    nap(0.005);
  }
  if (record_.settle_missing > 0)
    say("WARNING %u memberships saw no probe", static_cast<unsigned>(record_.settle_missing));
  nap(0.2); // repeated probes on their way
}

// -- the measurement -----------------------------------------------------------

void load_run::hold_idle() {
  nap(options_.hold);
  record_.window_begin = take_snapshot();
  record_.at_joined = take_memory();
  nap(std::max(0.5, options_.duration));
  record_.window_end = take_snapshot();
}

void load_run::measure() {
  record_.at_joined = take_memory();
  state_.now = phase::run;
  nap(options_.warmup);
  record_.rss_each_second.push_back(rss_bytes(options_.server_pids));
  const auto begin = now_ns();
  const auto end = begin + to_ns(options_.duration);
  state_.window_end = end;
  state_.window_begin = begin;
  record_.window_begin = take_snapshot();
  watch_window(begin, end);
  record_.window_end = take_snapshot();
  state_.now = phase::stop;
  drain();
}

void load_run::watch_window(uint64_t begin, uint64_t end) {
  auto before = record_.window_begin.delivered;
  for (uint64_t second = begin + ns_per_s;; second += ns_per_s) {
    const auto until = std::min(second, end);
    const auto now = now_ns();
    if (until > now) nap(seconds(until - now));
    const auto delivered = total(&counters::delivered);
    record_.rss_each_second.push_back(rss_bytes(options_.server_pids));
    if (until == second) record_.delivered_each_second.push_back(delivered - before);
    before = delivered;
    if (until >= end) return;
  }
}

/// Until all is there, nothing has come for a while, or time is up.
void load_run::drain() {
  constexpr uint64_t at_least_ns = 300'000'000; // duplicates come late
  constexpr uint64_t silence_ns = 2'500'000'000;
  const auto begin = now_ns();
  auto moved = begin;
  uint64_t seen = 0;
  for (auto now = begin; now - begin <= to_ns(options_.drain) && now - moved <= silence_ns; now = now_ns()) {
    const auto delivered = total(&counters::delivered);
    if (delivered >= total(&counters::expected) && now - begin > at_least_ns) return;
    if (delivered != seen) moved = now;
    seen = delivered;
    nap(0.01);
  }
}

// -- after ---------------------------------------------------------------------

/// What was kept for the stalled members, and are they still connected?
void load_run::resume_stalled() {
  constexpr uint64_t at_most_ns = 6 * ns_per_s;
  state_.now = phase::resume;
  const auto begin = now_ns();
  auto moved = begin;
  uint64_t seen = 0;
  for (auto now = begin; now - begin < at_most_ns && now - moved < ns_per_s; now = now_ns()) {
    const auto news = total(&counters::stalled_delivered) + total(&counters::stalled_closed);
    if (news != seen) moved = now;
    seen = news;
    nap(0.01);
  }
}

void load_run::close() {
  state_.now = phase::close;
  nap(0.05);
  for (int i = 0; i < 300 && total(&counters::closing) > 0; ++i) nap(0.01);
  record_.left_unclosed = total(&counters::closing);
  state_.now = phase::quit;
}

// -- figures -------------------------------------------------------------------

snapshot load_run::take_snapshot() const {
  snapshot s;
  s.delivered = total(&counters::delivered);
  s.published = total(&counters::published);
  s.at_ns = now_ns();
  s.server_cpu = cpu_seconds(options_.server_pids);
  s.broker_cpu = cpu_seconds(options_.broker_pids);
  s.own_cpu = own_cpu_seconds();
  s.machine = machine_cpu_seconds();
  return s;
}

memory_figures load_run::take_memory() const {
  return {pss_bytes(options_.server_pids), rss_bytes(options_.server_pids), rss_bytes(options_.broker_pids)};
}

void load_run::say(const char* format, ...) const {
  if (options_.quiet) return;
  va_list args;
  va_start(args, format);
  std::fputs("wsload: ", stderr);
  std::vfprintf(stderr, format, args);
  std::fputs("\n", stderr);
  va_end(args);
}

} // namespace roomcast::bench
