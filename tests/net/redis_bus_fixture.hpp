#pragma once

#include "core/limits.hpp"
#include "core/log.hpp"
#include "net/redis_bus.hpp"
#include "tests/net/fake_redis.hpp"
#include "tests/net/hand_polled.hpp"
#include "tests/support/redis_server.hpp"

#include <caf/test/dsl.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

// What the tests of the bus share; included behind CAF_SUITE, because the recorder checks by itself.

namespace {

using namespace roomcast;
using namespace roomcast::net;
using namespace std::chrono_literals;
using roomcast::test::fake_redis;

struct room {
  size_t confirmed = 0;
  std::vector<std::string> messages;
};

/// Writes down what the bus says, and checks that it says it within enter().
struct recorder final : redis_bus_handler {
  struct outcome {
    uint64_t cookie;
    publish_result result;
    bool operator==(const outcome&) const = default;
  };

  void enter(function_ref<void()> turn) override {
    CAF_CHECK(!within);
    within = true;
    turn();
    within = false;
  }
  void on_ready(bool now, std::string_view reason) override {
    CAF_CHECK(within);
    CAF_CHECK(ready != now);
    ready = now;
    reasons.emplace_back(reason);
  }
  void on_subscribed(void* owner) override {
    CAF_CHECK(within);
    ++static_cast<room*>(owner)->confirmed;
  }
  void on_message(void* owner, std::string_view payload) override {
    CAF_CHECK(within);
    static_cast<room*>(owner)->messages.emplace_back(payload);
    ++messages_in_read;
    if (on_each) on_each();
  }
  void on_read_end() override {
    CAF_CHECK(within);
    CAF_CHECK(messages_in_read > 0);
    reads.push_back(std::exchange(messages_in_read, 0));
  }
  void on_published(uint64_t cookie, publish_result result, const resp_value* reply) override {
    outcomes.push_back({cookie, result});
    said.push_back(reply ? std::string{reply->text()} : "nothing");
  }
  void on_reply(uint64_t cookie, const resp_value* reply) override {
    replies.push_back(std::to_string(cookie) + (reply ? " " + std::string{reply->text()} : " nothing"));
  }

  bool within = false;
  bool ready = false;
  std::vector<std::string> reasons;
  std::vector<outcome> outcomes;
  std::vector<std::string> said; // with each outcome
  std::vector<std::string> replies;
  size_t messages_in_read = 0;
  std::vector<size_t> reads;
  std::function<void()> on_each;
};

using outcome = recorder::outcome;
using outcomes = std::vector<outcome>;
[[maybe_unused]] constexpr auto taken = publish_result::taken;
[[maybe_unused]] constexpr auto refused = publish_result::refused;
[[maybe_unused]] constexpr auto unknown = publish_result::unknown;

struct bus_fixture : test::hand_polled {
  recorder seen;
  room lobby;
  room kitchen;
  std::unique_ptr<redis_bus> bus;

  bus_fixture() { log::configure(log::level::off, log::format::text, ""); }
  ~bus_fixture() {
    bus.reset();
    settle();
  }

  void dial(uint16_t port) {
    redis_endpoint endpoint{.host = "127.0.0.1"};
    endpoint.port = port;
    bus = redis_bus::make(thread, endpoint, "n", "probe:n");
    bus->start(seen);
  }
  bool become_ready() {
    return run_until([&] { return seen.ready; });
  }
  bool become_ready_as_time_goes_by() {
    return run_until([&] {
      pass(timer_wheel::tick);
      return seen.ready;
    });
  }
  void publish(std::string_view text, uint64_t cookie) {
    bus->publish("lobby", text, cookie);
    bus->flush();
  }
  void script(std::string_view argument, uint64_t cookie) {
    bus->publish_command(std::vector<std::string_view>{"EVALSHA", "abc", "1", argument}, cookie);
    bus->flush();
  }
  bool join_lobby() {
    const auto before = lobby.confirmed;
    bus->subscribe("lobby", &lobby);
    bus->flush();
    return run_until([&] { return lobby.confirmed > before; });
  }
};

struct scripted : bus_fixture {
  fake_redis redis{thread};

  scripted() {
    dial(redis.port());
    CAF_REQUIRE(become_ready());
    settle();
    redis.seen.clear();
  }
  void send(std::string_view bytes) { redis.send("n.sub", bytes); }
};

struct real : bus_fixture {
  test::redis_server redis;

  real() {
    dial(redis.port());
    CAF_REQUIRE(become_ready());
  }
};

/// Not dialled yet.
struct undialled : bus_fixture {
  fake_redis redis{thread};
};

} // namespace
