#pragma once

#include "net/redis_bus.hpp"
#include "tests/actors/support.hpp"

#include <map>

namespace roomcast::actors {

/// A Redis server by hand: writes down what it is told, and says what a test wants. Commands are visible only
/// after a flush.
class far_redis {
public:
  struct sent_publish {
    std::string verb; // PUBLISH, EVAL or EVALSHA
    std::string channel;
    std::string payload;
    uint64_t cookie;
    bool introduces; // of a script: asks Redis which run it is in
  };

  lines heard() { return take(flushed_); }
  const std::vector<sent_publish>& publishes() const { return publishes_; }
  bool is_paused() const { return paused_; }
  bool is_stopped() const { return stopped_; }
  bool is_destroyed() const { return destroyed_; }
  /// The owner of a channel, as given to subscribe(); null: nobody.
  void* owner_of(const std::string& channel) const {
    const auto known = owners_.find(channel);
    return known == owners_.end() ? nullptr : known->second;
  }

  std::string reserved; ///< the bus' own channel

  /// From now on publishes are refused at once, and commands cannot be sent.
  void is_away() { away_ = true; }

  void says_ready(bool ready) {
    handler_->enter([&] { handler_->on_ready(ready, "test"); });
  }
  void confirms(const std::string& channel) {
    confirmed_[channel] = true;
    if (auto* owner = owner_of(channel)) handler_->enter([&] { handler_->on_subscribed(owner); });
  }
  /// One read that brings these payloads.
  void brings(const std::string& channel, const std::vector<std::string>& payloads) {
    handler_->enter([&] {
      for (const auto& p : payloads)
        if (auto* owner = owner_of(channel)) handler_->on_message(owner, p);
      handler_->on_read_end();
    });
  }
  void settles(uint64_t cookie, net::publish_result outcome) {
    handler_->enter([&] { handler_->on_published(cookie, outcome, nullptr); });
  }
  /// `reply` in RESP.
  void settles(uint64_t cookie, net::publish_result outcome, std::string_view reply) {
    net::resp_parser parser;
    CAF_REQUIRE(parser.parse(reply) == net::resp_parser::status::complete);
    const auto value = parser.value();
    handler_->enter([&] { handler_->on_published(cookie, outcome, &value); });
  }
  /// Answers the oldest command that is not answered; `reply` in RESP.
  void replies(std::string_view reply) {
    net::resp_parser parser;
    CAF_REQUIRE(parser.parse(reply) == net::resp_parser::status::complete);
    const auto value = parser.value();
    const auto cookie = next_command();
    handler_->enter([&] { handler_->on_reply(cookie, &value); });
  }
  void breaks_off() {
    const auto cookie = next_command();
    handler_->enter([&] { handler_->on_reply(cookie, nullptr); });
  }

private:
  friend class fake_redis_bus;

  uint64_t next_command() {
    CAF_REQUIRE(!commands_.empty());
    const auto cookie = commands_.front();
    commands_.erase(commands_.begin());
    return cookie;
  }

  net::redis_bus_handler* handler_ = nullptr;
  lines gathered_;
  lines flushed_;
  std::vector<sent_publish> publishes_;
  std::vector<uint64_t> commands_; // cookies
  std::map<std::string, void*, std::less<>> owners_;
  std::map<std::string, bool, std::less<>> confirmed_;
  bool away_ = false;
  bool paused_ = false;
  bool stopped_ = false;
  bool destroyed_ = false;
};

class fake_redis_bus final : public net::redis_bus {
public:
  explicit fake_redis_bus(std::shared_ptr<far_redis> far) : far_(std::move(far)) {}
  ~fake_redis_bus() override { far_->destroyed_ = true; }

  void start(net::redis_bus_handler& handler) override { far_->handler_ = &handler; }
  void stop() override {
    far_->stopped_ = true;
    far_->handler_ = nullptr;
  }
  void subscribe(std::string_view channel, void* owner) override {
    far_->owners_[std::string{channel}] = owner;
    say("SUBSCRIBE", channel);
  }
  void unsubscribe(std::string_view channel, void* owner) override {
    const auto known = far_->owners_.find(channel);
    if (known == far_->owners_.end() || known->second != owner) return;
    far_->owners_.erase(known);
    far_->confirmed_.erase(std::string{channel});
    say("UNSUBSCRIBE", channel);
  }
  bool is_reserved(std::string_view channel) const noexcept override { return channel == far_->reserved; }
  bool is_confirmed(std::string_view channel) const noexcept override {
    return far_->confirmed_.find(channel) != far_->confirmed_.end();
  }
  void publish_command(std::span<const std::string_view> words, uint64_t cookie) override {
    if (far_->away_) return far_->handler_->on_published(cookie, net::publish_result::refused, nullptr);
    // A script has channel and text behind its keys.
    const size_t first = words[0] == "PUBLISH" ? 1 : 3 + std::stoul(std::string{words[2]});
    far_->publishes_.push_back(
        {std::string{words[0]}, std::string{words[first]}, std::string{words[first + 1]}, cookie,
         first > 1 && words[words.size() - 2] == "1"});
    say("PUBLISH", words[first]);
  }
  void command(const std::vector<std::string_view>& words, uint64_t cookie) override {
    if (far_->away_) return far_->handler_->on_reply(cookie, nullptr);
    far_->commands_.push_back(cookie);
    std::string line;
    for (auto word : words) (line += line.empty() ? "" : " ") += word;
    far_->gathered_.push_back(std::move(line));
  }
  void flush() override {
    for (auto& line : std::exchange(far_->gathered_, {})) far_->flushed_.push_back(std::move(line));
  }
  void pause_reading() override { far_->paused_ = true; }
  void resume_reading() override { far_->paused_ = false; }
  net::redis_bus_stats stats() const override {
    net::redis_bus_stats out;
    out.state = "up";
    out.round_trip_us = 77;
    return out;
  }

private:
  void say(const char* what, std::string_view channel) {
    far_->gathered_.push_back(what + (' ' + std::string{channel}));
  }

  std::shared_ptr<far_redis> far_;
};

} // namespace roomcast::actors
