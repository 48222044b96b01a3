#include "bench/load/clock.hpp"
#include "bench/load/worker.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>

namespace roomcast::bench {
namespace {

constexpr size_t max_response_head_bytes = 16'384;

std::string_view without_line_end(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  return text;
}

std::string close_reason(std::string_view body) {
  if (body.size() < 2) return "server closed: no code";
  const int code = static_cast<uint8_t>(body[0]) << 8 | static_cast<uint8_t>(body[1]);
  return "server closed: " + std::to_string(code) + " " + std::string{body.substr(2)};
}

} // namespace

// -- bytes ---------------------------------------------------------------------

void worker::on_readable(client& c) {
  const auto n = recv(c.fd, buffer_.data(), buffer_.size(), 0);
  if (n < 0) {
    if (errno != EAGAIN && errno != EINTR) lost(c, std::string{"recv: "} + std::strerror(errno));
    return;
  }
  if (n == 0) return lost(c, "server closed the TCP connection");
  counts.reads.add();
  counts.bytes_read.add(static_cast<uint64_t>(n));
  const std::string_view fresh{buffer_.data(), static_cast<size_t>(n)};
  const auto now = now_ns();
  if (c.input.empty()) {
    const auto used = consume(c, fresh, now);
    if (c.state != client_state::dead) c.input.assign(fresh.substr(used));
  } else {
    // Moved out, because what it says may end the connection and with it the buffer.
    auto bytes = std::move(c.input);
    bytes.append(fresh);
    const auto used = consume(c, bytes, now);
    if (c.state != client_state::dead) c.input = bytes.erase(0, used);
  }
}

/// Returns how many bytes were used; meaningless once the connection is dead.
size_t worker::consume(client& c, std::string_view bytes, uint64_t now) {
  size_t used = 0;
  if (c.state == client_state::upgrading) used = upgrade(c, bytes);
  if (c.state > client_state::upgrading && c.state != client_state::dead)
    used += frames(c, bytes.substr(used), now);
  return used;
}

size_t worker::upgrade(client& c, std::string_view bytes) {
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (bytes.size() > max_response_head_bytes) failed(c, "no end of HTTP response");
    return 0;
  }
  const auto fault = upgrade_fault(bytes.substr(0, end + 2), c.accept);
  if (!fault.empty()) return failed(c, fault), 0;
  if (!c.returning) counts.connected.add();
  c.state = client_state::greeting;
  if (dialect_.greeting.empty()) log_in(c);
  return end + 4;
}

// -- frames --------------------------------------------------------------------

size_t worker::frames(client& c, std::string_view bytes, uint64_t now) {
  size_t used = 0;
  while (c.state != client_state::dead && !c.got_close) {
    server_frame frame;
    std::string_view fault;
    switch (parse_frame(bytes.substr(used), c.in_message, frame, fault)) {
    case frame_status::incomplete: return used;
    case frame_status::broken:
      counts.protocol_errors.add();
      lost(c, "protocol: " + std::string{fault});
      return used;
    case frame_status::complete: used += frame.bytes; on_frame(c, frame, now);
    }
  }
  return bytes.size(); // nothing counts behind a close frame
}

void worker::on_frame(client& c, const server_frame& frame, uint64_t now) {
  counts.frames.add();
  switch (frame.op) {
  case opcode::ping: counts.websocket_pings.add(); return send_frame(c, opcode::pong, frame.body);
  case opcode::pong:
    if (c.state == client_state::joining && dialect_.join_answer.empty()) became_live(c);
    return;
  case opcode::close: return on_close(c, frame.body);
  default:
    if (frame.final && frame.op != opcode::continuation) return on_text(c, frame.body, now);
    on_fragment(c, frame, now);
  }
}

void worker::on_fragment(client& c, const server_frame& frame, uint64_t now) {
  c.in_message = !frame.final;
  c.message.append(frame.body);
  if (!frame.final) return;
  std::string whole;
  whole.swap(c.message);
  on_text(c, whole, now);
}

void worker::on_close(client& c, std::string_view body) {
  c.got_close = true;
  if (c.state == client_state::closing) return;
  const auto why = close_reason(body);
  send_frame(c, opcode::close, body.substr(0, 2));
  flush(c);
  lost(c, why);
}

// -- texts ---------------------------------------------------------------------

void worker::on_text(client& c, std::string_view text, uint64_t now) {
  auto rest = text;
  bool found = false;
  for (size_t at; (at = payload_format::find(rest)) != std::string_view::npos;) {
    found = true;
    rest.remove_prefix(at);
    rest.remove_prefix(on_payload(c, rest, now));
    if (c.state == client_state::dead) return;
  }
  if (!found) on_other_text(c, text);
}

void worker::on_other_text(client& c, std::string_view text) {
  auto has = [text](std::string_view part) { return text.find(part) != std::string_view::npos; };
  const auto& d = dialect_;
  const bool heartbeat =
      !d.heartbeat.empty()
      && (d.heartbeat_is_whole_text ? without_line_end(text) == d.heartbeat : has(d.heartbeat));
  if (heartbeat) {
    counts.heartbeats.add();
    send_frame(c, opcode::text, d.heartbeat_answer);
  } else if (c.state == client_state::greeting && has(d.greeting)) {
    log_in(c);
  } else if (c.state == client_state::login && has(d.login_answer)) {
    join(c);
  } else if (c.state == client_state::joining && !d.join_answer.empty() && has(d.join_answer)) {
    if (++c.answers == options_.joins) became_live(c);
  } else {
    counts.other.add();
  }
}

/// Accounts for the payload that `text` begins with; returns how many bytes to go on behind.
size_t worker::on_payload(client& c, std::string_view text, uint64_t now) {
  mark m;
  if (!plan_.payloads().read(text, m)) {
    counts.corrupt.add();
    return 3;
  }
  on_mark(c, m, now);
  return std::min<size_t>(plan_.payloads().size(), text.size());
}

void worker::on_mark(client& c, const mark& m, uint64_t now) {
  if (m.run != plan_.payloads().run()) return counts.stale.add();
  uint32_t slot = 0;
  uint32_t stream = c.first_stream;
  for (; slot < options_.joins; ++slot) {
    const auto room = plan_.room_of(c.id, slot);
    if (room == m.room) break;
    stream += plan_.publishers_in(room);
  }
  const bool message = m.kind == mark::kind_t::message;
  if (slot == options_.joins || (message && m.publisher >= plan_.publishers_in(m.room)))
    return counts.foreign.add();
  if (message) return on_message(c, m, slot, stream + m.publisher, now);
  auto& seen = probed_[c.first_probe + slot];
  if (!seen) run_.probe_seen[m.room].fetch_add(1, std::memory_order_relaxed);
  seen = 1;
}

void worker::on_message(client& c, const mark& m, uint32_t slot, uint32_t stream, uint64_t now) {
  if (c.part == role::stalled) return counts.stalled_delivered.add(); // read after the measurement
  if (c.part == role::churner) return counts.churn_delivered.add();
  switch (ledger_.record(stream, m.sequence)) {
  case verdict::duplicate: return counts.duplicated.add();
  case verdict::late: counts.out_of_order.add(); break;
  case verdict::in_order: break;
  }
  counts.delivered.add();
  if (m.sent_ns >= run_.window_begin.load(std::memory_order_relaxed)
      && m.sent_ns < run_.window_end.load(std::memory_order_relaxed))
    latency.add(now > m.sent_ns ? now - m.sent_ns : 0);
  if (!options_.closed_loop()) return;
  if (dialect_.echoes) {
    if (plan_.publishes(c.id) && plan_.publisher_index(c.id, slot) == m.publisher) came_back(c, now);
    return;
  }
  for (auto& [publisher, sender] : c.witness_for)
    if (publisher == (uint64_t{m.room} << 32 | m.publisher)) came_back(*sender, now);
}

bool worker::deaf(const client& c) const noexcept {
  return c.part == role::stalled && stalled_are_deaf(phase_);
}

} // namespace roomcast::bench
