#pragma once

#include "net/redis_bus.hpp"
#include "net/subscription_set.hpp"
#include "tests/actors/model_redis.hpp"

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace roomcast::actors {

/// The two links of a node to a model_redis, where every step is somebody's decision: when Redis reads a
/// command, when its answer arrives, when a link breaks with what is on it. Behaves as net/redis_bus.cpp
/// does.
class model_links {
public:
  explicit model_links(model_redis& redis) : redis_(redis) { channels_.subscribe(probe, this); }

  // -- the command link ----------------------------------------------------------------

  void commands_come_up() { commands_up_ = true; }
  void commands_break() {
    if (!std::exchange(commands_up_, false)) return;
    enter([this] {
      answers_.clear();
      gathered_.clear();
      unread_.clear();
      for (const auto& lost : std::exchange(owed_, {})) settle(lost, nullptr);
      set_ready(false);
    });
  }
  /// Redis runs the oldest of what was sent. False: there is nothing.
  bool redis_reads() {
    if (unread_.empty()) return false;
    const auto command = std::move(unread_.front());
    unread_.pop_front();
    std::vector<std::string_view> words(command.begin(), command.end());
    answers_.push_back(redis_.execute(words));
    return true;
  }
  /// The oldest answer arrives.
  bool answer_arrives() {
    if (answers_.empty()) return false;
    const auto text = std::move(answers_.front());
    answers_.pop_front();
    net::resp_parser parser;
    parser.parse(text);
    const auto reply = parser.value();
    const auto answered = owed_.front();
    owed_.pop_front();
    enter([&] { settle(answered, &reply); });
    return true;
  }
  /// limits::publish_timeout passes; the answers come too late.
  void publishes_expire() {
    enter([this] {
      for (size_t i = 0; i < owed_.size(); ++i)
        if (owed_[i].is_publish && !std::exchange(owed_[i].expired, true))
          handler_->on_published(owed_[i].cookie, net::publish_result::unknown, nullptr);
    });
  }

  // -- the subscriber link ---------------------------------------------------------------

  void subscriber_comes_up() {
    if (std::exchange(subscriber_up_, true)) return;
    channels_.connected(probe);
    write();
  }
  void subscriber_breaks() {
    if (!std::exchange(subscriber_up_, false)) return;
    enter([this] {
      channels_.disconnected();
      wanted_.clear();
      arriving_.clear();
      subscribed_.clear();
      set_ready(false);
    });
  }
  /// Redis carries out the oldest SUBSCRIBE or UNSUBSCRIBE.
  bool redis_subscribes() {
    if (wanted_.empty()) return false;
    const auto [is_wanted, channel] = std::move(wanted_.front());
    wanted_.pop_front();
    if (is_wanted)
      subscribed_.insert(channel);
    else
      subscribed_.erase(channel);
    arriving_.push_back({is_wanted ? kind::subscribed : kind::unsubscribed, channel, {}});
    return true;
  }
  /// One read brings so many messages and confirmations.
  bool messages_arrive(size_t count) {
    if (arriving_.empty()) return false;
    enter([&] {
      for (; count > 0 && !arriving_.empty(); --count) {
        const auto next = std::move(arriving_.front());
        arriving_.pop_front();
        arrive(next);
      }
      if (std::exchange(messages_in_read_, false)) handler_->on_read_end();
      write();
    });
    return true;
  }
  /// Redis published this.
  void published(const std::string& channel, std::string_view payload) {
    if (subscriber_up_ && subscribed_.contains(channel))
      arriving_.push_back({kind::message, channel, std::string{payload}});
  }
  /// Both links prove a round trip.
  void probes_come_back() {
    if (commands_up_ && subscriber_up_ && channels_.owner_of(probe)) enter([this] { set_ready(true); });
  }

private:
  friend class model_redis_bus;
  static constexpr const char* probe = "probe";

  struct owed {
    uint64_t cookie;
    bool is_publish;
    bool expired = false;
  };
  enum class kind : uint8_t { subscribed, unsubscribed, message };
  struct arrival {
    kind what;
    std::string channel;
    std::string payload;
  };

  void enter(net::function_ref<void()> turn) {
    if (handler_) handler_->enter(turn);
  }
  void set_ready(bool ready) {
    if (std::exchange(ready_, ready) != ready) handler_->on_ready(ready, "model");
  }
  void settle(const owed& answered, const net::resp_value* reply) {
    if (!answered.is_publish) return handler_->on_reply(answered.cookie, reply);
    if (answered.expired) return;
    const auto outcome = !reply              ? net::publish_result::unknown
                         : reply->is_error() ? net::publish_result::refused
                                             : net::publish_result::taken;
    handler_->on_published(answered.cookie, outcome, reply);
  }
  void arrive(const arrival& next) {
    switch (next.what) {
    case kind::subscribed:
      if (auto* owner = channels_.on_subscribed(next.channel).owner; owner && owner != this)
        handler_->on_subscribed(owner);
      return;
    case kind::unsubscribed: channels_.on_unsubscribed(next.channel); return;
    case kind::message:
      if (auto* owner = channels_.owner_of(next.channel); owner && owner != this) {
        messages_in_read_ = true;
        handler_->on_message(owner, next.payload);
      }
    }
  }
  void send(std::span<const std::string_view> words, owed answer) {
    gathered_.emplace_back(words.begin(), words.end());
    owed_.push_back(answer);
  }
  void flush() {
    for (auto& command : std::exchange(gathered_, {})) unread_.push_back(std::move(command));
    if (subscriber_up_) write();
  }
  void write() {
    std::string out;
    channels_.write_commands(out);
    for (std::string_view rest = out; !rest.empty();) {
      net::resp_parser parser;
      if (parser.parse(rest) != net::resp_parser::status::complete) return;
      const auto command = parser.value();
      for (size_t i = 1; i < command.size(); ++i)
        wanted_.emplace_back(command[0].text() == "SUBSCRIBE", std::string{command[i].text()});
      rest.remove_prefix(parser.consumed());
    }
  }

  model_redis& redis_;
  net::redis_bus_handler* handler_ = nullptr;
  bool ready_ = false;
  bool commands_up_ = false;
  bool subscriber_up_ = false;
  bool messages_in_read_ = false;
  std::vector<std::vector<std::string>> gathered_;
  std::deque<std::vector<std::string>> unread_;
  std::deque<std::string> answers_;
  std::deque<owed> owed_;
  net::subscription_set channels_;
  std::deque<std::pair<bool, std::string>> wanted_;
  std::set<std::string> subscribed_;
  std::deque<arrival> arriving_;
};

class model_redis_bus final : public net::redis_bus {
public:
  explicit model_redis_bus(std::shared_ptr<model_links> links) : links_(std::move(links)) {}

  void start(net::redis_bus_handler& handler) override { links_->handler_ = &handler; }
  void stop() override { links_->handler_ = nullptr; }
  void subscribe(std::string_view channel, void* owner) override {
    links_->channels_.subscribe(channel, owner);
  }
  void unsubscribe(std::string_view channel, void* owner) override {
    links_->channels_.unsubscribe(channel, owner);
  }
  bool is_reserved(std::string_view channel) const noexcept override { return channel == model_links::probe; }
  bool is_confirmed(std::string_view channel) const noexcept override {
    return links_->channels_.owner_of(channel) != nullptr;
  }
  void publish_command(std::span<const std::string_view> words, uint64_t cookie) override {
    if (!links_->commands_up_)
      return links_->handler_->on_published(cookie, net::publish_result::refused, nullptr);
    links_->send(words, {cookie, true});
  }
  void command(const std::vector<std::string_view>& words, uint64_t cookie) override {
    if (!links_->commands_up_) return links_->handler_->on_reply(cookie, nullptr);
    links_->send(words, {cookie, false});
  }
  void flush() override { links_->flush(); }
  void pause_reading() override {}
  void resume_reading() override {}
  net::redis_bus_stats stats() const override { return {}; }

private:
  std::shared_ptr<model_links> links_;
};

} // namespace roomcast::actors
