#include "net/redis_link.hpp"

#include "core/limits.hpp"

#include <random>
#include <utility>

namespace roomcast::net {

namespace {

uint64_t random_seed() {
  std::random_device entropy;
  return (uint64_t{entropy()} << 32) | entropy();
}

} // namespace

redis_link::redis_link(
    io_thread& where, redis_endpoint endpoint, std::string client_name, redis_link_handler& handler) :
    where_(where),
    endpoint_(std::move(endpoint)),
    client_name_(std::move(client_name)),
    sentinels_(std::make_shared<sentinel_order>(endpoint_.sentinels)),
    handler_(handler),
    backoff_(limits::backoff_first, limits::backoff_max, random_seed()) {}

void redis_link::start() { dial(std::chrono::milliseconds{0}); }

void redis_link::stop() {
  if (const auto last = std::exchange(connection_, nullptr)) last->close();
}

void redis_link::redial(std::string_view reason) {
  if (!connection_) return;
  connection_->close();
  on_down(reason);
}

void redis_link::dial(std::chrono::milliseconds pause) {
  redis_connection_owner& owner = *this; // a private base, out of make_shared's reach
  connection_ = std::make_shared<redis_connection>(where_, endpoint_, client_name_, sentinels_, owner);
  connection_->start(pause);
}

void redis_link::on_up() {
  backoff_.reset();
  ++times_up_;
  if (paused_) connection_->pause_reading();
  handler_.on_link_up();
}

void redis_link::on_down(std::string_view reason) {
  // First the next attempt, so that the handler may stop() it.
  dial(backoff_.next());
  handler_.on_link_down(reason);
}

void redis_link::pause_reading() {
  paused_ = true;
  if (is_up()) connection_->pause_reading();
}

void redis_link::resume_reading() {
  paused_ = false;
  if (connection_) connection_->resume_reading();
}

} // namespace roomcast::net
