#define CAF_SUITE subscription_set
#include "net/subscription_set.hpp"

#include "net/resp.hpp"

#include <caf/test/dsl.hpp>

#include <deque>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace roomcast::net;

namespace {

/// As much of Redis as a subscriber link sees: commands in, one answer per channel out, in order.
class scripted_redis {
public:
  struct answer {
    std::string kind; ///< `subscribe`, `unsubscribe` or `error`
    std::string channel;
  };

  void take(std::string_view bytes, bool refuse = false) {
    resp_parser parser;
    while (!bytes.empty()) {
      CAF_REQUIRE(parser.parse(bytes) == resp_parser::status::complete);
      run(parser.value(), refuse);
      bytes.remove_prefix(parser.consumed());
    }
  }

  answer next() {
    auto first = answers.front();
    answers.pop_front();
    return first;
  }

  std::deque<answer> answers;
  std::set<std::string> subscribed;
  std::set<std::string> forbidden; ///< by an ACL: a command with one of these is refused as a whole
  size_t commands = 0;
  size_t largest = 0;

private:
  void run(resp_value words, bool refuse) {
    ++commands;
    largest = std::max(largest, words.size() - 1);
    for (size_t i = 1; i < words.size(); ++i)
      refuse = refuse || forbidden.count(std::string{words[i].text()});
    if (refuse) return answers.push_back({"error", ""});
    const bool add = words[0].text() == "SUBSCRIBE";
    CAF_REQUIRE(add || words[0].text() == "UNSUBSCRIBE");
    for (size_t i = 1; i < words.size(); ++i) {
      const std::string channel{words[i].text()};
      if (add)
        subscribed.insert(channel);
      else
        CAF_CHECK_EQUAL(subscribed.erase(channel), 1u);
      answers.push_back({add ? "subscribe" : "unsubscribe", channel});
    }
  }
};

struct fixture {
  int first_room = 0;
  int second_room = 0;
  subscription_set set{3, 7};
  scripted_redis redis;

  void write(bool refuse = false) {
    std::string out;
    set.write_commands(out);
    redis.take(out, refuse);
  }

  /// Hands the next answer of Redis over; who has to be told.
  void* answer() {
    CAF_REQUIRE(!redis.answers.empty());
    const auto [kind, channel] = redis.next();
    if (kind == "error") {
      CAF_CHECK(set.on_error() > 0);
      return nullptr;
    }
    const auto got = kind == "subscribe" ? set.on_subscribed(channel) : set.on_unsubscribed(channel);
    CAF_CHECK(got.expected);
    return got.owner;
  }

  void settle() {
    for (write(); !redis.answers.empty(); write()) answer();
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(subscription_set_tests, fixture)

CAF_TEST(a channel belongs to its owner once Redis confirms it) {
  set.connected();
  set.subscribe("a", &first_room);
  CAF_CHECK_EQUAL(set.wanted(), 1u);
  write();
  CAF_CHECK(set.owner_of("a") == nullptr);
  CAF_CHECK_EQUAL(set.confirmed(), 0u);
  CAF_CHECK(answer() == &first_room);
  CAF_CHECK(set.owner_of("a") == &first_room);
  CAF_CHECK_EQUAL(set.confirmed(), 1u);
  CAF_CHECK(set.owner_of("b") == nullptr);
}

CAF_TEST(nothing is said while the link is down) {
  set.subscribe("a", &first_room);
  set.subscribe("b", &first_room);
  CAF_CHECK(set.unsubscribe("b", &first_room));
  std::string out;
  CAF_CHECK(!set.write_commands(out));
  CAF_CHECK_EQUAL(set.size(), 1u);
  set.connected();
  settle();
  CAF_CHECK_EQUAL(redis.subscribed, (std::set<std::string>{"a"}));
}

CAF_TEST(a channel given up before it was asked for costs nothing) {
  set.connected();
  set.subscribe("a", &first_room);
  set.unsubscribe("a", &first_room);
  write();
  CAF_CHECK_EQUAL(redis.commands, 0u);
  CAF_CHECK_EQUAL(set.size(), 0u);
}

CAF_TEST(another owner replaces and is confirmed for itself) {
  set.connected();
  set.subscribe("a", &first_room);
  settle();
  set.subscribe("a", &second_room);
  CAF_CHECK(set.owner_of("a") == nullptr);
  write();
  CAF_CHECK(answer() == &second_room);
  CAF_CHECK(set.owner_of("a") == &second_room);
  CAF_CHECK_EQUAL(set.wanted(), 1u);
}

CAF_TEST(only the current owner gives a channel up) {
  set.connected();
  set.subscribe("a", &first_room);
  set.subscribe("a", &second_room);
  CAF_CHECK(!set.unsubscribe("a", &first_room));
  CAF_CHECK(!set.unsubscribe("b", &first_room));
  settle();
  CAF_CHECK(!set.unsubscribe("a", &first_room));
  CAF_CHECK(set.owner_of("a") == &second_room);
  CAF_CHECK(set.unsubscribe("a", &second_room));
  CAF_CHECK(set.owner_of("a") == nullptr);
  settle();
  CAF_CHECK(redis.subscribed.empty());
  CAF_CHECK_EQUAL(set.size(), 0u);
}

CAF_TEST(a repeat by the same owner is confirmed again and misses nothing) {
  set.connected();
  set.subscribe("a", &first_room);
  settle();
  set.subscribe("a", &first_room);
  CAF_CHECK(set.owner_of("a") == &first_room);
  write();
  CAF_CHECK(set.owner_of("a") == &first_room);
  CAF_CHECK(answer() == &first_room);
}

CAF_TEST(an attach during unsubscribing waits for a new confirmation) {
  set.connected();
  set.subscribe("a", &first_room);
  settle();
  set.unsubscribe("a", &first_room);
  write();
  set.subscribe("a", &second_room);
  write();
  CAF_CHECK_EQUAL(redis.answers.size(), 1u);
  CAF_CHECK(answer() == nullptr);
  CAF_CHECK(set.owner_of("a") == nullptr);
  write();
  CAF_CHECK(answer() == &second_room);
  CAF_CHECK(redis.subscribed.count("a") == 1);
}

CAF_TEST(a channel given up during subscribing is unsubscribed afterwards and nobody is told) {
  set.connected();
  set.subscribe("a", &first_room);
  write();
  set.unsubscribe("a", &first_room);
  CAF_CHECK(answer() == nullptr);
  CAF_CHECK(set.owner_of("a") == nullptr);
  settle();
  CAF_CHECK(redis.subscribed.empty());
  CAF_CHECK_EQUAL(set.size(), 0u);
}

CAF_TEST(a new link gets everything again in batches with the first one first) {
  std::vector<std::string> names;
  for (int i = 0; i < 20; ++i) names.push_back("room" + std::to_string(i));
  for (const auto& name : names) set.subscribe(name, &first_room);
  set.connected();
  settle();
  CAF_CHECK_EQUAL(set.confirmed(), 20u);
  set.disconnected();
  redis = {};
  CAF_CHECK_EQUAL(set.confirmed(), 0u);
  CAF_CHECK(set.owner_of("room3") == nullptr);
  set.connected("room13");
  write();
  CAF_CHECK_EQUAL(redis.answers.front().channel, "room13");
  CAF_CHECK(redis.answers.size() <= 7);
  settle();
  CAF_CHECK_EQUAL(redis.largest, 3u);
  CAF_CHECK_EQUAL(redis.subscribed, (std::set<std::string>{names.begin(), names.end()}));
  CAF_CHECK_EQUAL(set.confirmed(), 20u);
}

CAF_TEST(an answer that was not due is out of step) {
  set.connected();
  CAF_CHECK(!set.on_subscribed("a").expected);
  CAF_CHECK(!set.on_unsubscribed("a").expected);
  CAF_CHECK_EQUAL(set.on_error(), 0u);
  set.subscribe("a", &first_room);
  set.subscribe("b", &first_room);
  write();
  CAF_CHECK(!set.on_subscribed("b").expected);
  CAF_CHECK(!set.on_unsubscribed("a").expected);
  CAF_CHECK(set.on_subscribed("a").expected);
}

CAF_TEST(what was refused is said again when the set is told to) {
  set.connected();
  for (auto name : {"a", "b", "c"}) set.subscribe(name, &first_room);
  CAF_CHECK(!set.awaits_answer());
  write(true);
  CAF_CHECK(set.awaits_answer());
  answer();
  CAF_CHECK(!set.awaits_answer());
  set.unsubscribe("b", &first_room);
  settle();
  CAF_CHECK(redis.subscribed.empty());
  set.ask_refused_again();
  settle();
  CAF_CHECK_EQUAL(redis.subscribed, (std::set<std::string>{"a", "c"}));
  set.unsubscribe("a", &first_room);
  write(true);
  answer();
  CAF_CHECK(redis.subscribed.count("a") == 1);
  set.ask_refused_again();
  settle();
  CAF_CHECK_EQUAL(redis.subscribed, (std::set<std::string>{"c"}));
  const auto commands = redis.commands;
  set.ask_refused_again();
  settle();
  CAF_CHECK_EQUAL(redis.commands, commands);
}

CAF_TEST(a refused command leaves its channels unconfirmed until they are wanted again) {
  set.connected();
  for (auto name : {"a", "b", "c"}) set.subscribe(name, &first_room);
  write(true);
  answer();
  CAF_CHECK_EQUAL(set.confirmed(), 0u);
  settle();
  CAF_CHECK(redis.subscribed.empty());
  set.unsubscribe("b", &first_room);
  CAF_CHECK_EQUAL(set.size(), 2u);
  set.subscribe("a", &first_room);
  settle();
  CAF_CHECK(set.owner_of("a") == &first_room);
  set.connected();
  redis = {};
  settle();
  CAF_CHECK_EQUAL(redis.subscribed, (std::set<std::string>{"a", "c"}));
}

CAF_TEST(one channel that Redis forbids keeps none of the others away) {
  std::set<std::string> names;
  for (int i = 0; i < 20; ++i) names.insert("room" + std::to_string(i));
  for (const auto& name : names) set.subscribe(name, &first_room);
  set.subscribe("probe", &second_room);
  redis.forbidden = {"room7", "room11"};
  set.connected("probe");
  settle();
  auto allowed = names;
  for (const auto& name : redis.forbidden) allowed.erase(name);
  allowed.insert("probe");
  CAF_CHECK_EQUAL(redis.subscribed, allowed);
  CAF_CHECK_EQUAL(set.confirmed(), 19u);
  // From now on only those that are forbidden are asked for, each by itself.
  for (int second = 0; second < 3; ++second) {
    const auto commands = std::exchange(redis.commands, 0);
    CAF_CHECK(second == 0 || commands == 2);
    redis.largest = 0;
    set.ask_refused_again();
    settle();
    CAF_CHECK_EQUAL(redis.largest, 1u);
  }
  redis.forbidden = {"room7"};
  set.ask_refused_again();
  settle();
  CAF_CHECK(set.owner_of("room11") == &first_room);
  CAF_CHECK(set.owner_of("room7") == nullptr);
}

CAF_TEST(the first channel is confirmed whatever becomes of the others) {
  for (auto name : {"a", "b", "probe"}) set.subscribe(name, &first_room);
  redis.forbidden = {"a", "b"};
  set.connected("probe");
  settle();
  CAF_CHECK_EQUAL(redis.subscribed, (std::set<std::string>{"probe"}));
}

CAF_TEST(while nothing is confirmed a refused command is not divided) {
  for (auto name : {"a", "b", "c"}) set.subscribe(name, &first_room);
  redis.forbidden = {"a"};
  set.connected();
  settle();
  CAF_CHECK_EQUAL(redis.commands, 1u);
  set.ask_refused_again();
  settle();
  CAF_CHECK_EQUAL(redis.commands, 2u);
}

CAF_TEST(who waits for a confirmation of its own gets it after a refusal) {
  set.connected();
  for (auto name : {"a", "b"}) set.subscribe(name, &first_room);
  settle();
  set.subscribe("a", &second_room);
  write(true);
  CAF_CHECK(answer() == nullptr);
  set.ask_refused_again();
  write();
  CAF_CHECK(answer() == &second_room);
  set.unsubscribe("a", &second_room);
  write(true);
  set.subscribe("a", &first_room);
  answer();
  set.ask_refused_again();
  write();
  CAF_CHECK(answer() == &first_room);
}

CAF_TEST(channels that come and go behind a full window do not pile up) {
  set.connected();
  for (int i = 0; i < 7; ++i) set.subscribe("held" + std::to_string(i), &first_room);
  write();
  for (int i = 0; i < 10'000; ++i) {
    set.subscribe("passing" + std::to_string(i), &first_room);
    set.unsubscribe("passing" + std::to_string(i), &first_room);
    write();
  }
  CAF_CHECK(set.size() < 20);
  settle();
  CAF_CHECK_EQUAL(redis.subscribed.size(), 7u);
}

CAF_TEST(random interleavings end where they should) {
  std::mt19937 random{5};
  int rooms[3] = {};
  const std::vector<std::string> names{"a", "b", "c", "d", "e", "f", "g", "h"};
  for (int round = 0; round < 200; ++round) {
    std::map<std::string, void*> owners; // who should have each channel
    std::map<std::string, void*> told;   // and was told so on this link
    for (int step = 0; step < 200; ++step) {
      const auto& name = names[random() % names.size()];
      void* room = &rooms[random() % 3];
      switch (random() % 12) {
      case 0:
      case 1:
      case 2:
        set.subscribe(name, room);
        if (owners[name] != room) told.erase(name);
        owners[name] = room;
        break;
      case 3:
      case 4:
      case 5: {
        const bool current = owners.count(name) && owners[name] == room;
        CAF_CHECK_EQUAL(set.unsubscribe(name, room), current);
        if (current) owners.erase(name), told.erase(name);
        break;
      }
      case 6:
      case 7:
      case 8:
        if (redis.answers.empty()) break;
        {
          const auto channel = redis.answers.front().channel;
          const auto kind = redis.answers.front().kind;
          auto* who = answer();
          CAF_CHECK(who == (kind == "subscribe" && owners.count(channel) ? owners[channel] : nullptr));
          if (who) told[channel] = who;
        }
        break;
      case 9:
      case 10: write(random() % 40 == 0); break;
      default:
        if (random() % 10 != 0) break;
        redis = {};
        told.clear();
        if (random() % 2) {
          set.disconnected();
        } else {
          set.connected(name);
        }
      }
      for (const auto& channel : names)
        CAF_CHECK(set.owner_of(channel) == (told.count(channel) ? told[channel] : nullptr));
      CAF_CHECK_EQUAL(set.wanted(), owners.size());
      CAF_CHECK_EQUAL(set.confirmed(), told.size());
    }
    redis = {};
    set.connected();
    settle();
    std::set<std::string> expected;
    for (const auto& [channel, room] : owners) expected.insert(channel);
    CAF_CHECK_EQUAL(redis.subscribed, expected);
    CAF_CHECK_EQUAL(set.confirmed(), owners.size());
    CAF_CHECK_EQUAL(set.size(), owners.size());
    for (const auto& [channel, room] : owners) set.unsubscribe(channel, room);
    settle();
    CAF_CHECK_EQUAL(set.size(), 0u);
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
