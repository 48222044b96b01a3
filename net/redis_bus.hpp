#pragma once

#include "net/function_ref.hpp"
#include "net/redis_endpoint.hpp"
#include "net/resp.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace roomcast::net {

class io_thread;

/// What became of one publish: a PUBLISH, or a script that does more.
enum class publish_result : uint8_t {
  taken,   ///< Redis answered, and not by an error
  refused, ///< not sent: no fresh command link, or too much is unanswered; or Redis answered by an error
           ///< (-OOM, -READONLY, -NOSCRIPT ...). Either way nobody gets it
  unknown, ///< sent, and no answer within limits::publish_timeout or before the link broke: Redis may have
           ///< executed it
};

/// What the bus tells its owner, on its I/O thread.
class redis_bus_handler {
public:
  /// Wraps whatever the bus does because of the network or a timer: call `turn` once, in the owner's context.
  virtual void enter(function_ref<void()> turn) = 0;
  /// Ready: the command link and the subscriber link both proved a round trip lately. `reason` is for the
  /// log.
  virtual void on_ready(bool ready, std::string_view reason) = 0;
  /// Redis confirmed the subscription of `owner` (as given to subscribe()); also again after each reconnect.
  virtual void on_subscribed(void* owner) = 0;
  /// A message on the channel of `owner`; the view dies with the call.
  virtual void on_message(void* owner, std::string_view payload) = 0;
  /// All messages of one read have been handed over.
  virtual void on_read_end() = 0;
  /// The outcome of publish() and publish_command(); in order, except that `refused` for what was not sent
  /// comes at once, from within the call. (`refused` by Redis comes in order.) `reply` is what Redis said, an
  /// error with `refused`; nullptr where it said nothing. It dies with the call.
  virtual void on_published(uint64_t cookie, publish_result outcome, const resp_value* reply) = 0;
  /// The answer to command(), which may be an error reply; nullptr: not sent (then from within command()), or
  /// the link broke first.
  virtual void on_reply(uint64_t cookie, const resp_value* reply) = 0;

protected:
  ~redis_bus_handler() = default;
};

/// Figures for stats; a snapshot.
struct redis_bus_stats {
  bool ready = false;
  std::string state;             ///< `up`, `connecting`, `down`
  int64_t round_trip_us = -1;    ///< of the last PING that was answered; -1: none, or the link is down
  uint64_t published = 0;        ///< commands sent
  uint64_t received = 0;         ///< messages of all channels
  uint64_t refused = 0;          ///< publishes refused
  uint64_t unknown = 0;          ///< publishes without answer
  uint64_t reconnects = 0;       ///< of either link
  uint64_t unanswered_bytes = 0; ///< publishes in flight
  uint64_t subscriptions_wanted = 0;
  uint64_t subscriptions_confirmed = 0;
};

/// One Redis server as message bus: a command link and a subscriber link, both reconnecting by themselves
/// (backoff 50 ms to 1 s, full jitter), probed both ways every second, resubscribing in batches. Commands of
/// one turn leave in one write. A server that answers READONLY was demoted: both links are dialled again. All
/// methods on its I/O thread; none blocks, none throws for what Redis does.
class redis_bus {
public:
  /// `probe_channel` is subscribed and published to by this bus alone. Dials at start().
  static std::unique_ptr<redis_bus>
  make(io_thread& where, redis_endpoint endpoint, std::string client_name, std::string probe_channel);

  virtual ~redis_bus() = default;
  virtual void start(redis_bus_handler& handler) = 0;
  /// Closes both links for good; nothing is called any more. Also from within a callback; the destructor not.
  virtual void stop() = 0;

  /// Wants `channel` for `owner` (not null). A channel has one owner: a second subscribe replaces it. Every
  /// call is confirmed by on_subscribed(), later; a new owner gets no messages before that.
  virtual void subscribe(std::string_view channel, void* owner) = 0;
  /// Gives the channel up, if `owner` still has it. on_message is not called for it any more.
  virtual void unsubscribe(std::string_view channel, void* owner) = 0;
  /// Whether it is the bus' own channel, which nobody else may subscribe.
  virtual bool is_reserved(std::string_view channel) const noexcept = 0;
  /// Whether Redis has confirmed the subscription, on the connection that stands now.
  virtual bool is_confirmed(std::string_view channel) const noexcept = 0;

  /// A command that publishes, such as EVALSHA: `words` is not empty. Needs the command link alone: refused
  /// at once while that is down or silent for limits::silent_not_ready, or with limits::max_unanswered_bytes
  /// in flight. Without answer for limits::publish_timeout the outcome is unknown. `cookie` comes back in
  /// on_published, whatever happens, except after stop().
  virtual void publish_command(std::span<const std::string_view> words, uint64_t cookie) = 0;
  /// PUBLISH, by the same rules.
  void publish(std::string_view channel, std::string_view payload, uint64_t cookie) {
    publish_command(std::array<std::string_view, 3>{"PUBLISH", channel, payload}, cookie);
  }
  /// Any other command on the command link, as soon as that is up, ready or not.
  virtual void command(const std::vector<std::string_view>& words, uint64_t cookie) = 0;
  /// Sends what was gathered, one write per link.
  virtual void flush() = 0;

  /// Stops and goes on reading the subscriber link (credit: limits::max_unflushed_bytes). Stops at once,
  /// between two messages of one read. While paused the link's silence is not held against it.
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;

  virtual redis_bus_stats stats() const = 0;
};

} // namespace roomcast::net
