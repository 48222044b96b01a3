#pragma once

#include "net/redis_bus.hpp"
#include "net/redis_link.hpp"
#include "net/ring_queue.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace roomcast::net {

/// What the two links of a bus tell it, within enter().
class redis_bus_parts_handler {
public:
  virtual void enter(function_ref<void()> turn) = 0;
  /// Something that readiness depends on has changed for the better.
  virtual void on_progress() = 0;
  /// A link is down, or Redis refuses what it lives by.
  virtual void on_trouble(std::string_view reason) = 0;
  /// Redis is no master any more.
  virtual void on_demoted(std::string_view reason) = 0;
  /// The subscriber link has waited in vain for a probe or an answer.
  virtual void on_deaf(std::string_view reason) = 0;

protected:
  ~redis_bus_parts_handler() = default;
};

/// The command link of a bus: a first-in first-out list of what Redis owes an answer for, the PINGs that
/// prove the link, and what becomes of publishes. Nothing is ever sent twice. I/O thread.
class redis_command_link final : private redis_link_handler {
public:
  using milliseconds = std::chrono::milliseconds;

  redis_command_link(
      io_thread& where, const redis_endpoint& endpoint, const std::string& client_name,
      redis_bus_parts_handler& bus);

  /// Dials. Outcomes go to `owner`.
  void start(redis_bus_handler& owner);
  void stop();

  void publish(std::span<const std::string_view> words, uint64_t cookie);
  void command(const std::vector<std::string_view>& words, uint64_t cookie);
  /// A PING, and a PUBLISH of `text` to `channel` if that is not empty; the answers are the link's own
  /// affair.
  void probe(std::string_view channel, std::string_view text);
  void flush() { link_.flush(); }
  /// Breaks the link and dials again.
  void redial(std::string_view reason) { link_.redial(reason); }

  /// Time goes on by `elapsed`: publishes expire, a silent link is dialled again.
  void advance(milliseconds elapsed);

  bool is_up() const noexcept { return link_.is_up(); }
  /// Up, with a PONG less than limits::silent_not_ready old.
  bool is_fresh() const noexcept;

  uint64_t times_up() const noexcept { return link_.times_up(); }
  /// Of the latest PING that was answered on this connection, in microseconds; -1: none.
  int64_t round_trip_us() const noexcept { return round_trip_us_; }
  uint64_t published() const noexcept { return published_; }
  uint64_t refused() const noexcept { return refused_; }
  uint64_t unknown() const noexcept { return unknown_; }
  uint64_t unanswered_bytes() const noexcept { return unanswered_bytes_; }

private:
  enum class kind : uint8_t { publish, expired_publish, command, ping, probe };

  /// A command that was sent and not answered.
  struct owed {
    uint64_t cookie = 0; // of a PING: its number
    milliseconds sent_at{0};
    uint32_t bytes = 0;
    kind what = kind::command;
  };

  void enter(function_ref<void()> turn) override { bus_.enter(turn); }
  void on_link_up() override;
  void on_link_reply(const resp_value& reply) override;
  void on_link_read_end() override;
  void on_link_down(std::string_view reason) override;

  void owe(kind what, uint64_t cookie, size_t output_before);
  void settle(const owed& answered, const resp_value& reply);
  void settle_publish(uint64_t cookie, publish_result outcome, const resp_value* reply = nullptr);
  void on_pong(uint64_t number, const resp_value& reply);
  static bool is_demotion(const resp_value& reply) noexcept;
  void expire_publishes();
  void give_up_owed();
  bool is_full() const noexcept;

  redis_bus_parts_handler& bus_;
  redis_bus_handler* owner_ = nullptr;
  ring_queue<owed> owed_; // bounded by unanswered_bytes_
  size_t looked_at_ = 0;  // of these, from the front: expired, or not subject to it
  std::string demoted_;   // Redis' word for it, in the read that goes on
  milliseconds now_{0};   // since start(), by advance()
  milliseconds heard_at_{0};
  uint64_t last_ping_ = 0; // its number
  int64_t round_trip_us_ = -1;
  uint64_t published_ = 0;
  uint64_t refused_ = 0;
  uint64_t unknown_ = 0;
  uint64_t unanswered_bytes_ = 0;
  redis_link link_; // last: its end comes first
};

} // namespace roomcast::net
