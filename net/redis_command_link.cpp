#include "net/redis_command_link.hpp"

#include "core/limits.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace roomcast::net {

namespace {

uint64_t microseconds_now() {
  using namespace std::chrono;
  return static_cast<uint64_t>(duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count());
}

} // namespace

redis_command_link::redis_command_link(
    io_thread& where, const redis_endpoint& endpoint, const std::string& client_name,
    redis_bus_parts_handler& bus) :
    bus_(bus), link_(where, endpoint, client_name, *this) {}

void redis_command_link::start(redis_bus_handler& owner) {
  owner_ = &owner;
  link_.start();
}

void redis_command_link::stop() {
  owner_ = nullptr;
  link_.stop();
  round_trip_us_ = -1;
  owed_.clear();
  looked_at_ = 0;
  unanswered_bytes_ = 0;
}

// -- what is sent ------------------------------------------------------------

bool redis_command_link::is_full() const noexcept {
  return unanswered_bytes_ >= limits::max_unanswered_bytes;
}

bool redis_command_link::is_fresh() const noexcept {
  return link_.is_up() && now_ - heard_at_ < limits::silent_not_ready;
}

void redis_command_link::publish(std::span<const std::string_view> words, uint64_t cookie) {
  if (!owner_) return;
  if (!is_fresh() || is_full()) return settle_publish(cookie, publish_result::refused);
  auto& out = link_.output();
  const auto before = out.size();
  append_command(out, words);
  owe(kind::publish, cookie, before);
  ++published_;
}

void redis_command_link::command(const std::vector<std::string_view>& words, uint64_t cookie) {
  if (!owner_) return;
  if (!link_.is_up() || is_full() || words.empty()) return owner_->on_reply(cookie, nullptr);
  auto& out = link_.output();
  const auto before = out.size();
  append_command(out, words);
  owe(kind::command, cookie, before);
}

void redis_command_link::probe(std::string_view channel, std::string_view text) {
  if (!link_.is_up()) return;
  auto& out = link_.output();
  auto before = out.size();
  // A number that says when it was sent, and that comes once: an answer that is not its own shows.
  last_ping_ = std::max(last_ping_ + 1, microseconds_now());
  append_command(out, {"PING", std::to_string(last_ping_)});
  owe(kind::ping, last_ping_, before);
  if (channel.empty()) return;
  before = out.size();
  append_command(out, {"PUBLISH", channel, text});
  owe(kind::probe, 0, before);
}

void redis_command_link::owe(kind what, uint64_t cookie, size_t output_before) {
  // An entry of the list counts as well: it outweighs the shortest commands.
  const auto bytes = link_.output().size() - output_before + sizeof(owed);
  unanswered_bytes_ += bytes;
  owed_.push_back({cookie, now_, static_cast<uint32_t>(bytes), what});
}

// -- what comes back ---------------------------------------------------------

void redis_command_link::on_link_up() {
  heard_at_ = now_;
  bus_.on_progress();
}

void redis_command_link::on_link_reply(const resp_value& reply) {
  if (owed_.empty()) return link_.redial("an answer that nobody asked for");
  const auto answered = owed_.pop_front();
  if (looked_at_ > 0) --looked_at_;
  unanswered_bytes_ -= answered.bytes;
  settle(answered, reply);
  if (is_demotion(reply)) demoted_ = reply.text();
}

/// Redis before 7 wraps what stopped a script: `ERR Error running script (call to f_...): ... -READONLY ...`.
bool redis_command_link::is_demotion(const resp_value& reply) noexcept {
  if (!reply.is_error()) return false;
  const auto text = reply.text();
  return text.starts_with("READONLY") || text.find(" -READONLY ") != text.npos;
}

void redis_command_link::on_link_read_end() {
  // Not before: the other answers of this read are known, and lost with the link.
  if (const auto reason = std::exchange(demoted_, {}); owner_ && !reason.empty()) bus_.on_demoted(reason);
}

void redis_command_link::settle(const owed& answered, const resp_value& reply) {
  switch (answered.what) {
  case kind::publish:
    return settle_publish(
        answered.cookie, reply.is_error() ? publish_result::refused : publish_result::taken, &reply);
  case kind::expired_publish:
    // Many may wait in front of the next PING, when their answers are lost for good.
    if (reply.text() == std::to_string(last_ping_)) link_.redial("command link out of step");
    return;
  case kind::command: return owner_->on_reply(answered.cookie, &reply);
  case kind::ping: return on_pong(answered.cookie, reply);
  case kind::probe:
    if (reply.is_error()) bus_.on_trouble("publishing refused: " + std::string{reply.text()});
    return;
  }
}

void redis_command_link::settle_publish(uint64_t cookie, publish_result outcome, const resp_value* reply) {
  if (outcome == publish_result::refused) ++refused_;
  if (outcome == publish_result::unknown) ++unknown_;
  owner_->on_published(cookie, outcome, reply);
}

void redis_command_link::on_pong(uint64_t number, const resp_value& reply) {
  if (reply.is_error()) return bus_.on_trouble("PING refused: " + std::string{reply.text()});
  // An answer got lost on the way: from then on each belongs to the command before, and lies about it.
  if (reply.text() != std::to_string(number)) return link_.redial("command link out of step");
  const auto now = microseconds_now();
  round_trip_us_ = now > number ? static_cast<int64_t>(now - number) : 0;
  heard_at_ = now_;
  bus_.on_progress();
}

void redis_command_link::on_link_down(std::string_view reason) {
  const std::string why{reason};
  round_trip_us_ = -1;
  demoted_.clear();
  give_up_owed();
  if (owner_) bus_.on_trouble(why);
}

/// The link is gone: what was sent may have been executed, and nobody will ever know.
void redis_command_link::give_up_owed() {
  // Detached first: whoever is told may publish or stop at once.
  auto lost = std::exchange(owed_, {});
  looked_at_ = 0;
  unanswered_bytes_ = 0;
  while (!lost.empty() && owner_) {
    const auto entry = lost.pop_front();
    if (entry.what == kind::publish) settle_publish(entry.cookie, publish_result::unknown);
    if (entry.what == kind::command) owner_->on_reply(entry.cookie, nullptr);
  }
}

// -- time --------------------------------------------------------------------

void redis_command_link::advance(milliseconds elapsed) {
  now_ += elapsed;
  expire_publishes();
  if (link_.is_up() && now_ - heard_at_ >= limits::silent_redial)
    link_.redial("command link silent for 10 s");
}

void redis_command_link::expire_publishes() {
  while (looked_at_ < owed_.size() && owner_) {
    auto& oldest = owed_[looked_at_];
    if (now_ - oldest.sent_at < limits::publish_timeout) return;
    ++looked_at_;
    if (oldest.what != kind::publish) continue;
    oldest.what = kind::expired_publish;
    settle_publish(oldest.cookie, publish_result::unknown); // may move the list
  }
}

} // namespace roomcast::net
