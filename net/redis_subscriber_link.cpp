#include "net/redis_subscriber_link.hpp"

#include "core/limits.hpp"

#include <charconv>
#include <string>
#include <utility>

namespace roomcast::net {

namespace {

constexpr size_t max_unsent_bytes = 1'048'576; // of SUBSCRIBE commands; the rest waits in the set

} // namespace

redis_subscriber_link::redis_subscriber_link(
    io_thread& where, const redis_endpoint& endpoint, const std::string& client_name,
    std::string probe_channel, redis_bus_parts_handler& bus) :
    bus_(bus), probe_channel_(std::move(probe_channel)), link_(where, endpoint, client_name, *this) {
  channels_.subscribe(probe_channel_, probe_mark());
}

void redis_subscriber_link::start(redis_bus_handler& owner) {
  owner_ = &owner;
  link_.start();
}

void redis_subscriber_link::stop() {
  owner_ = nullptr;
  link_.stop();
  channels_.disconnected();
}

void redis_subscriber_link::flush() {
  if (!link_.is_up()) return;
  if (link_.unsent_bytes() < max_unsent_bytes) {
    if (!channels_.awaits_answer()) answered_at_ = now_;
    channels_.write_commands(link_.output());
  }
  link_.flush();
}

void redis_subscriber_link::resume_reading() { link_.resume_reading(); }

// -- the link ----------------------------------------------------------------

void redis_subscriber_link::on_link_up() {
  heard_ = asked_ = false;
  first_probe_ = probe_number_ + 1;
  channels_.connected(probe_channel_);
  flush();
}

void redis_subscriber_link::on_link_down(std::string_view reason) {
  heard_ = asked_ = false;
  channels_.disconnected();
  if (owner_ && std::exchange(messages_in_read_, false)) owner_->on_read_end();
  if (owner_) bus_.on_trouble(reason);
}

void redis_subscriber_link::on_link_reply(const resp_value& reply) {
  if (reply.is_error()) return on_error(reply.text());
  const auto kind = reply[0].text();
  if (kind == "message") return on_message(reply[1].text(), reply[2].text());
  if (kind == "subscribe") return on_subscribed(reply[1].text());
  if (kind == "unsubscribe") return on_unsubscribed(reply[1].text());
  // pmessage and the like: not ours, and no harm.
}

void redis_subscriber_link::on_link_read_end() {
  if (std::exchange(messages_in_read_, false)) owner_->on_read_end();
  if (owner_) flush();
}

// -- messages ----------------------------------------------------------------

void redis_subscriber_link::on_message(std::string_view channel, std::string_view payload) {
  auto* receiver = channels_.owner_of(channel);
  if (!receiver) return; // given up meanwhile
  if (receiver == probe_mark()) return on_probe(payload);
  ++received_;
  messages_in_read_ = true;
  owner_->on_message(receiver, payload);
}

void redis_subscriber_link::on_probe(std::string_view text) {
  uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  if (number < first_probe_ || number > probe_number_) return; // a namesake's
  heard_ = true;
  heard_at_ = now_;
  asked_ = false;
  bus_.on_progress();
}

std::string redis_subscriber_link::next_probe() {
  if (!can_probe()) return {};
  if (!std::exchange(asked_, true)) asked_at_ = now_;
  return std::to_string(++probe_number_);
}

// -- subscriptions -----------------------------------------------------------

void redis_subscriber_link::on_subscribed(std::string_view channel) {
  answered_at_ = now_;
  const auto [expected, receiver] = channels_.on_subscribed(channel);
  if (!expected) return link_.redial("subscriber link out of step");
  if (receiver == probe_mark()) return bus_.on_progress();
  if (receiver) owner_->on_subscribed(receiver);
}

void redis_subscriber_link::on_unsubscribed(std::string_view channel) {
  answered_at_ = now_;
  if (!channels_.on_unsubscribed(channel).expected) link_.redial("subscriber link out of step");
}

void redis_subscriber_link::on_error(std::string_view text) {
  answered_at_ = now_;
  const auto reason = "subscribing refused: " + std::string{text};
  if (channels_.on_error() == 0) return link_.redial(reason);
  bus_.on_trouble(reason);
}

// -- time --------------------------------------------------------------------

bool redis_subscriber_link::is_fresh() const noexcept {
  return link_.is_up() && heard_ && now_ - heard_at_ < limits::silent_not_ready;
}

void redis_subscriber_link::advance(milliseconds elapsed) {
  if (link_.paused()) return;
  now_ += elapsed;
  if (!link_.is_up()) return;
  if ((since_refused_ += elapsed) >= limits::probe_interval) {
    since_refused_ = milliseconds{0};
    channels_.ask_refused_again();
  }
  if (!is_answered()) return bus_.on_deaf("no answer to SUBSCRIBE");
  if (asked_ && now_ - asked_at_ >= limits::silent_redial) bus_.on_deaf("subscriber link silent for 10 s");
}

/// Answers come in order, so the latest tells how long the oldest command has waited. The first one is as a
/// part of the handshake: without it the link is of no use.
bool redis_subscriber_link::is_answered() const noexcept {
  const milliseconds patience = can_probe() ? limits::silent_redial : limits::redis_step_timeout;
  return !channels_.awaits_answer() || now_ - answered_at_ < patience;
}

} // namespace roomcast::net
