#include "bench/load/worker.hpp"

#include "bench/load/clock.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/epoll.h>
#include <unistd.h>

namespace roomcast::bench {
namespace {

constexpr uint64_t idle_wait_ns = 5'000'000;
constexpr uint64_t paced_connect_wait_ns = 500'000;
constexpr uint64_t check_every_ns = 250'000'000;
constexpr size_t read_buffer_bytes = 256 * 1024;
constexpr std::string_view normal_closure = "\x03\xe8"; // 1000

} // namespace

worker::worker(const run_plan& plan, run_state& run, uint32_t index) :
    plan_(plan),
    options_(plan.opt()),
    dialect_(*plan.opt().dialect),
    run_(run),
    index_(index),
    epoll_(epoll_create1(EPOLL_CLOEXEC)),
    buffer_(read_buffer_bytes),
    random_state_(now_ns() * 0x9E3779B97F4A7C15u + index + 1),
    phase_began_ns_(now_ns()) {}

worker::~worker() { ::close(epoll_); }

void worker::adopt(client& c) {
  c.first_stream = streams_;
  c.first_probe = static_cast<uint32_t>(probed_.size());
  probed_.resize(probed_.size() + options_.joins);
  uint64_t streams = streams_;
  for (uint32_t slot = 0; slot < options_.joins; ++slot) {
    const auto room = plan_.room_of(c.id, slot);
    streams += plan_.publishers_in(room);
    if (plan_.publishes(c.id))
      c.requests.push_back(prepare(plan_, mark::kind_t::message, room, plan_.publisher_index(c.id, slot)));
  }
  if (streams > 0xFFFFFFF0u) die("too many (member, publisher) pairs");
  streams_ = static_cast<uint32_t>(streams);
  clients_.push_back(&c);
  if (plan_.publishes(c.id)) publishers_.push_back(&c);
  if (c.part == role::churner) churners_.push_back(&c);
}

// -- the loop ------------------------------------------------------------------

void worker::serve() {
  ledger_.resize(streams_);
  phase_began_ns_ = now_ns();
  for (;;) {
    const auto current = run_.now.load(std::memory_order_acquire);
    if (current != phase_) enter(current);
    if (current == phase::quit) return;
    const auto patience = step(current);
    flush_all();
    wait(patience);
    flush_all();
  }
}

void worker::enter(phase next) {
  phase_ = next;
  phase_began_ns_ = now_ns();
  next_check_ns_ = phase_began_ns_ + check_every_ns;
  if (next == phase::run || next == phase::resume)
    for (auto* c : clients_)
      if (c->part == role::stalled && c->fd >= 0) watch(*c);
  if (next == phase::run && options_.closed_loop())
    for (auto* c : publishers_) {
      c->progress_ns = phase_began_ns_;
      fill_window(*c);
    }
  if (next == phase::close) close_all();
}

/// One round of what the phase asks for; returns how long to wait for events, in ns.
uint64_t worker::step(phase current) {
  uint64_t patience = idle_wait_ns;
  if (current == phase::connect) patience = connect_more();
  if (current == phase::settle) probe();
  if (current == phase::run && options_.open_loop()) patience = publish_what_is_due();
  if (current == phase::run && !churners_.empty()) patience = std::min(patience, churn());
  if (now_ns() <= next_check_ns_) return patience;
  next_check_ns_ = now_ns() + check_every_ns;
  if (current == phase::connect || !churners_.empty()) check_deadlines();
  if (current == phase::run && options_.closed_loop()) prime_stuck_publishers();
  return patience;
}

uint64_t worker::connect_more() {
  const uint32_t cap = std::max(1u, options_.in_flight / options_.threads);
  const double gap_ns = options_.connect_rate > 0 ? 1e9 * options_.threads / options_.connect_rate : 0;
  while (next_connect_ < clients_.size() && in_flight_ < cap
         && static_cast<double>(now_ns() - phase_began_ns_) >= gap_ns * static_cast<double>(next_connect_))
    start(*clients_[next_connect_++]);
  return gap_ns > 0 && next_connect_ < clients_.size() ? paced_connect_wait_ns : idle_wait_ns;
}

void worker::check_deadlines() {
  const auto now = now_ns();
  const auto limit = to_ns(options_.connect_timeout);
  for (auto* c : clients_) {
    const bool leaving = c->part == role::churner && c->state == client_state::closing;
    const bool coming = c->state > client_state::unused && c->state < client_state::live;
    if ((leaving || coming) && now - c->since_ns > limit)
      failed(*c, "timed out in state " + std::to_string(static_cast<int>(c->state)));
  }
}

void worker::probe() {
  const auto round = run_.probe_round.load(std::memory_order_acquire);
  if (round == probe_round_) return;
  probe_round_ = round;
  for (uint32_t room = 0; room < options_.rooms; ++room) {
    const auto who = run_.prober[room];
    if (who == run_state::nobody || who % options_.threads != index_) continue;
    if (run_.probe_seen[room].load() >= run_.probe_wanted[room]) continue;
    auto& c = *clients_[who / options_.threads];
    if (c.state == client_state::live)
      send_frame(c, opcode::text, prepare(plan_, mark::kind_t::probe, room, 0).text);
  }
}

/// Leaves or comes back, at the rate asked for; returns how long until the next one.
uint64_t worker::churn() {
  const double all = std::max(1u, options_.churners);
  const double gap_ns = 1e9 * all / (options_.churn_rate * static_cast<double>(churners_.size()));
  for (;;) {
    const auto due = phase_began_ns_ + static_cast<uint64_t>(gap_ns * static_cast<double>(churn_steps_));
    const auto now = now_ns();
    if (due > now) return due - now;
    auto& c = *churners_[churn_steps_++ % churners_.size()];
    if (c.state == client_state::live) begin_to_leave(c);
    if (c.state == client_state::dead) start(c);
  }
}

void worker::begin_to_leave(client& c) {
  c.state = client_state::closing;
  c.since_ns = now_ns();
  send_frame(c, opcode::close, normal_closure);
}

void worker::close_all() {
  for (auto* c : clients_) {
    if (c->fd < 0) continue;
    if (c->state != client_state::live) {
      drop(*c);
      continue;
    }
    counts.closing.add();
    begin_to_leave(*c);
  }
}

void worker::wait(uint64_t ns) {
  std::array<epoll_event, 512> ready;
  const timespec patience{0, static_cast<long>(std::min<uint64_t>(ns, ns_per_s - 1))};
  const int n = epoll_pwait2(epoll_, ready.data(), static_cast<int>(ready.size()), &patience, nullptr);
  for (int i = 0; i < n; ++i) {
    const auto& event = ready[static_cast<size_t>(i)];
    auto& c = *static_cast<client*>(event.data.ptr);
    if (c.fd >= 0) on_event(c, event.events);
  }
}

void worker::on_event(client& c, uint32_t what) {
  constexpr uint32_t gone = EPOLLHUP | EPOLLERR | EPOLLRDHUP;
  if (c.state == client_state::connecting) return on_connected(c);
  if (deaf(c)) {
    if (what & gone) lost(c, "closed while stalled");
    return;
  }
  if (what & EPOLLOUT) flush(c);
  if (c.fd >= 0 && (what & (EPOLLIN | gone))) on_readable(c);
}

// -- publishing ----------------------------------------------------------------

/// Open loop: sends all that is due; returns how long until the next one.
uint64_t worker::publish_what_is_due() {
  if (publishers_.empty()) return idle_wait_ns;
  const double mine = static_cast<double>(publishers_.size());
  const double gap_ns = 1e9 * options_.publishers / (options_.rate * mine);
  const double offset = static_cast<double>(index_) / options_.threads;
  const auto now = now_ns();
  for (;;) {
    const auto due = phase_began_ns_
                     + static_cast<uint64_t>(gap_ns * (static_cast<double>(published_by_schedule_) + offset));
    if (due > now) return std::min(idle_wait_ns, due - now);
    auto& c = *publishers_[published_by_schedule_++ % publishers_.size()];
    if (c.state != client_state::live) continue;
    if (due >= run_.window_begin.load(std::memory_order_relaxed)) send_lag.add(now - due);
    publish(c, due); // the intended time: a late generator must not hide a late server
  }
}

/// Closed loop: whoever saw nothing of its own for `stuck` seconds starts over, else one loss would silence
/// it.
void worker::prime_stuck_publishers() {
  const auto now = now_ns();
  for (auto* c : publishers_) {
    if (c->outstanding == 0 || now - std::min(now, c->progress_ns) <= to_ns(options_.stuck)) continue;
    counts.primed_again.add();
    c->outstanding = 0;
    c->progress_ns = now;
    fill_window(*c);
  }
}

void worker::came_back(client& c, uint64_t now) {
  if (c.outstanding > 0) --c.outstanding;
  c.progress_ns = now;
  fill_window(c);
}

void worker::fill_window(client& c) {
  if (run_.now.load(std::memory_order_relaxed) != phase::run || c.state != client_state::live) return;
  while (c.outstanding < options_.window) {
    ++c.outstanding;
    publish(c, now_ns());
  }
}

void worker::publish(client& c, uint64_t sent_ns) {
  const auto slot = c.next_slot;
  c.next_slot = slot + 1 == options_.joins ? 0 : slot + 1;
  auto& request = c.requests[slot];
  payload_format::stamp(request.text.data() + request.payload_at, request.sequence++, sent_ns);
  if (request.id_at != std::string::npos) request.text.replace(request.id_at, 9, std::to_string(c.request++));
  send_frame(c, opcode::text, request.text);
  counts.published.add();
  const auto readers = run_.readers[plan_.room_of(c.id, slot)];
  counts.expected.add(dialect_.echoes || readers == 0 ? readers : readers - 1);
}

} // namespace roomcast::bench
