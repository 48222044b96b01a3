#include "net/redis_bus.hpp"

#include "core/limits.hpp"
#include "core/log.hpp"
#include "net/io_thread.hpp"
#include "net/redis_command_link.hpp"
#include "net/redis_subscriber_link.hpp"
#include "net/timer_wheel.hpp"

#include <algorithm>
#include <utility>

namespace roomcast::net {

namespace {

constexpr size_t max_logged_troubles = 8; // different ones per outage; then no more lines

/// Puts the two links together: decides readiness, probes, keeps time, logs. I/O thread.
class two_link_bus final : public redis_bus, private redis_bus_parts_handler, private timer_wheel::timer {
public:
  two_link_bus(
      io_thread& where, redis_endpoint endpoint, const std::string& name, std::string probe_channel) :
      where_(where),
      server_(endpoint.name()),
      by_sentinel_(!endpoint.sentinels.empty()),
      commands_(where, endpoint, name, *this),
      subscriber_(where, endpoint, name + ".sub", std::move(probe_channel), *this) {}

  ~two_link_bus() override { shut_down(); }

  void start(redis_bus_handler& handler) override;
  void stop() override { shut_down(); }

  void subscribe(std::string_view channel, void* owner) override { subscriber_.subscribe(channel, owner); }
  void unsubscribe(std::string_view channel, void* owner) override {
    subscriber_.unsubscribe(channel, owner);
  }
  bool is_reserved(std::string_view channel) const noexcept override {
    return channel == subscriber_.probe_channel();
  }
  bool is_confirmed(std::string_view channel) const noexcept override {
    return subscriber_.is_confirmed(channel);
  }
  void publish_command(std::span<const std::string_view> words, uint64_t cookie) override {
    commands_.publish(words, cookie);
  }
  void command(const std::vector<std::string_view>& words, uint64_t cookie) override {
    commands_.command(words, cookie);
  }
  void flush() override {
    commands_.flush();
    subscriber_.flush();
  }
  void pause_reading() override { subscriber_.pause_reading(); }
  void resume_reading() override { subscriber_.resume_reading(); }
  redis_bus_stats stats() const override;

private:
  void enter(function_ref<void()> turn) override {
    if (handler_) handler_->enter(turn);
  }
  void on_progress() override;
  void on_trouble(std::string_view reason) override;
  void on_demoted(std::string_view reason) override;
  void on_deaf(std::string_view reason) override;
  void on_timer() override;

  void shut_down();
  void advance(std::chrono::milliseconds elapsed);
  void probe();
  void redial_both(std::string_view reason);
  void set_ready(bool ready, std::string_view reason);
  bool is_news(std::string_view reason);

  io_thread& where_;
  const std::string server_;
  const bool by_sentinel_;
  redis_bus_handler* handler_ = nullptr;
  bool ready_ = false;
  std::vector<std::string> troubles_; // logged since it was last up
  std::pair<uint64_t, uint64_t> probed_links_{0, 0};
  std::chrono::milliseconds since_probe_{0};
  std::chrono::milliseconds since_demoted_{limits::backoff_max};
  uint64_t last_tick_ms_ = 0;
  redis_command_link commands_;
  redis_subscriber_link subscriber_;
};

void two_link_bus::start(redis_bus_handler& handler) {
  handler_ = &handler;
  last_tick_ms_ = where_.timers().now_ms();
  where_.timers().set(*this, std::chrono::milliseconds{0});
  commands_.start(handler);
  subscriber_.start(handler);
}

void two_link_bus::shut_down() {
  handler_ = nullptr;
  ready_ = false;
  cancel();
  commands_.stop();
  subscriber_.stop();
}

// -- time --------------------------------------------------------------------

void two_link_bus::on_timer() {
  const auto now = where_.timers().now_ms();
  const auto passed = std::chrono::milliseconds{now - std::exchange(last_tick_ms_, now)};
  where_.timers().set(*this, std::chrono::milliseconds{0}); // the next tick
  // A thread that stood still has not listened either: that silence is not Redis'.
  const auto elapsed = std::min<std::chrono::milliseconds>(passed, 2 * timer_wheel::tick);
  enter([&] { advance(elapsed); });
}

void two_link_bus::advance(std::chrono::milliseconds elapsed) {
  commands_.advance(elapsed);
  if (handler_) subscriber_.advance(elapsed);
  if (!handler_) return;
  since_probe_ += elapsed;
  since_demoted_ += elapsed;
  if (since_probe_ >= limits::probe_interval) probe();
  if (ready_ && !commands_.is_fresh()) set_ready(false, "command link silent for 2 s");
  if (ready_ && !subscriber_.is_fresh()) set_ready(false, "subscriber link silent for 2 s");
  if (handler_) flush();
}

void two_link_bus::probe() {
  since_probe_ = std::chrono::milliseconds{0};
  if (!commands_.is_up()) return;
  commands_.probe(subscriber_.probe_channel(), subscriber_.next_probe());
  commands_.flush();
}

// -- another server ------------------------------------------------------------

void two_link_bus::redial_both(std::string_view reason) {
  commands_.redial(reason);
  if (handler_) subscriber_.redial(reason);
}

void two_link_bus::on_demoted(std::string_view reason) {
  // Not at once again: a URL that leads to a replica would have us come and go without rest.
  if (since_demoted_ < limits::backoff_max) return on_trouble(reason);
  since_demoted_ = std::chrono::milliseconds{0};
  redial_both(reason);
}

void two_link_bus::on_deaf(std::string_view reason) {
  // After a failover the two links may be with different servers, and only Sentinel knows which is the right
  // one.
  if (by_sentinel_) return redial_both(reason);
  subscriber_.redial(reason);
}

// -- readiness ---------------------------------------------------------------

void two_link_bus::on_progress() {
  if (!handler_) return;
  // A pair of links that was never probed does not wait for the next second.
  const std::pair links{commands_.times_up(), subscriber_.times_up()};
  if (links != probed_links_ && commands_.is_up() && subscriber_.can_probe()) {
    probed_links_ = links;
    probe();
  }
  if (commands_.is_fresh() && subscriber_.is_fresh()) set_ready(true, "probes come back");
}

void two_link_bus::on_trouble(std::string_view reason) {
  if (!handler_) return;
  if (ready_ && !(commands_.is_fresh() && subscriber_.is_fresh())) return set_ready(false, reason);
  if (is_news(reason))
    log::warning(ready_ ? "redis_trouble" : "redis_down", {{"server", server_}, {"reason", reason}});
}

void two_link_bus::set_ready(bool ready, std::string_view reason) {
  if (!handler_ || ready_ == ready) return;
  ready_ = ready;
  troubles_.clear();
  if (ready) {
    log::info("redis_up", {{"server", server_}});
  } else if (is_news(reason)) {
    log::warning("redis_down", {{"server", server_}, {"reason", reason}});
  }
  handler_->on_ready(ready, reason);
}

/// Whether this reason was not logged yet; both links and every attempt tend to fail for the same one.
bool two_link_bus::is_news(std::string_view reason) {
  if (troubles_.size() >= max_logged_troubles) return false;
  if (std::find(troubles_.begin(), troubles_.end(), reason) != troubles_.end()) return false;
  troubles_.emplace_back(reason);
  return true;
}

redis_bus_stats two_link_bus::stats() const {
  const auto again = [](uint64_t times_up) { return times_up > 0 ? times_up - 1 : 0; };
  redis_bus_stats out;
  out.ready = ready_;
  out.state = ready_ ? "up" : handler_ && troubles_.empty() ? "connecting" : "down";
  out.round_trip_us = commands_.round_trip_us();
  out.published = commands_.published();
  out.received = subscriber_.received();
  out.refused = commands_.refused();
  out.unknown = commands_.unknown();
  out.reconnects = again(commands_.times_up()) + again(subscriber_.times_up());
  out.unanswered_bytes = commands_.unanswered_bytes();
  out.subscriptions_wanted = subscriber_.wanted();
  out.subscriptions_confirmed = subscriber_.confirmed();
  return out;
}

} // namespace

std::unique_ptr<redis_bus> redis_bus::make(
    io_thread& where, redis_endpoint endpoint, std::string client_name, std::string probe_channel) {
  return std::make_unique<two_link_bus>(where, std::move(endpoint), client_name, std::move(probe_channel));
}

} // namespace roomcast::net
