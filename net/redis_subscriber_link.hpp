#pragma once

#include "net/redis_command_link.hpp"
#include "net/redis_link.hpp"
#include "net/subscription_set.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace roomcast::net {

/// The subscriber link of a bus: keeps Redis' subscriptions equal to what is wanted, hands messages to the
/// owners of their channels, and knows from its own probe messages whether it still hears this Redis: a link
/// to a replaced primary stays open and silent. I/O thread.
class redis_subscriber_link final : private redis_link_handler {
public:
  using milliseconds = std::chrono::milliseconds;

  redis_subscriber_link(
      io_thread& where, const redis_endpoint& endpoint, const std::string& client_name,
      std::string probe_channel, redis_bus_parts_handler& bus);

  /// Dials. Messages and confirmations go to `owner`.
  void start(redis_bus_handler& owner);
  void stop();

  void subscribe(std::string_view channel, void* owner) { channels_.subscribe(channel, owner); }
  void unsubscribe(std::string_view channel, void* owner) { channels_.unsubscribe(channel, owner); }
  bool is_confirmed(std::string_view channel) const noexcept {
    return channels_.owner_of(channel) != nullptr;
  }
  /// Sends the commands that are due.
  void flush();
  void pause_reading() { link_.pause_reading(); }
  void resume_reading();
  /// Breaks the link and dials again.
  void redial(std::string_view reason) { link_.redial(reason); }

  /// Whether Redis has confirmed the subscription to probe_channel(), so that a probe can come back.
  bool can_probe() const noexcept { return link_.is_up() && channels_.owner_of(probe_channel_); }
  /// The text of the next probe, to be published to probe_channel(); empty unless can_probe().
  std::string next_probe();
  const std::string& probe_channel() const noexcept { return probe_channel_; }

  /// Time goes on by `elapsed`: what was refused is asked for once more each second, and a link that hears no
  /// probe or no answer is on_deaf(). Not while reading is paused.
  void advance(milliseconds elapsed);

  /// Heard its own probe less than limits::silent_not_ready ago, or reading is paused and it had before.
  bool is_fresh() const noexcept;

  uint64_t times_up() const noexcept { return link_.times_up(); }
  uint64_t received() const noexcept { return received_; }
  uint64_t wanted() const noexcept { return channels_.wanted() - 1; }
  uint64_t confirmed() const noexcept { return channels_.confirmed() - (can_probe() ? 1 : 0); }

private:
  void enter(function_ref<void()> turn) override { bus_.enter(turn); }
  void on_link_up() override;
  void on_link_reply(const resp_value& reply) override;
  void on_link_read_end() override;
  void on_link_down(std::string_view reason) override;

  void on_message(std::string_view channel, std::string_view payload);
  void on_probe(std::string_view text);
  void on_subscribed(std::string_view channel);
  void on_unsubscribed(std::string_view channel);
  void on_error(std::string_view text);
  bool is_answered() const noexcept;
  void* probe_mark() noexcept { return this; }

  redis_bus_parts_handler& bus_;
  redis_bus_handler* owner_ = nullptr;
  const std::string probe_channel_;
  subscription_set channels_;     // the probe channel included, owned by probe_mark()
  milliseconds now_{0};           // since start(), by advance(); stands still while paused
  milliseconds heard_at_{0};      // own probe
  milliseconds asked_at_{0};      // the oldest probe since then
  milliseconds answered_at_{0};   // a (UN)SUBSCRIBE; or the first that was sent since all were answered
  milliseconds since_refused_{0}; // what was refused was asked for
  bool heard_ = false;            // a probe, on this connection
  bool asked_ = false;            // a probe is out
  bool messages_in_read_ = false;
  uint64_t probe_number_ = 0;
  uint64_t first_probe_ = 0; // of this connection
  uint64_t received_ = 0;
  redis_link link_; // last: its end comes first
};

} // namespace roomcast::net
