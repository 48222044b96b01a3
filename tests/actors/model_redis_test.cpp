#define CAF_SUITE model_redis
#include "tests/actors/model_redis.hpp"

#include "net/resp.hpp"
#include "tests/support/redis_server.hpp"

#include <caf/test/dsl.hpp>

#include <random>

using namespace roomcast;
using namespace roomcast::actors;
using texts = std::vector<std::string>;

namespace {

/// The model and a real Redis, told the same.
struct fixture {
  test::redis_server redis;
  position_ledger ledger;
  model_redis model{ledger};
  model_redis::data saved;
  std::mt19937 random{7};
  uint64_t epochs = 0;
  uint64_t messages = 0;

  fixture() {
    model.on_published = [](std::string_view, std::string_view) {};
    const auto place = both("place", lua::place, {next_epoch(), "90000"}, false);
    model.is_run(place.substr(place.rfind(' ') + 1));
  }

  static std::string line_of(const std::string& answer) {
    net::resp_parser parser;
    CAF_REQUIRE(parser.parse(answer) == net::resp_parser::status::complete);
    const auto value = parser.value();
    std::string line{value.text()};
    for (const auto item : value) (line += line.empty() ? "" : " ") += item.text();
    return line;
  }
  /// The script's answer, which is that of the model.
  std::string both(
      const char* what, std::string_view script, const texts& arguments, bool equal = true,
      const std::string& key = {}) {
    texts command{"EVAL", std::string{script}, key.empty() ? "2" : "3", "m", "l"};
    if (!key.empty()) command.push_back(key);
    command.insert(command.end(), arguments.begin(), arguments.end());
    const std::vector<std::string_view> words(command.begin(), command.end());
    const auto expected = line_of(redis.command(command));
    const auto modelled = line_of(model.execute(words));
    if (equal && expected != modelled) CAF_FAIL(what << ": " << expected << " but " << modelled);
    return expected;
  }

  uint32_t draw(uint32_t below) { return std::uniform_int_distribution<uint32_t>{0, below - 1}(random); }
  std::string next_epoch() { return to_string(epoch_id{++epochs}); }
  std::string near_the_top() { return std::to_string(std::max<int64_t>(0, number(draw(7)) - 3)); }
  int64_t number(uint32_t more) const { return static_cast<int64_t>(model.top().seq) + more; }
  std::string some_epoch() { return draw(4) == 0 ? next_epoch() : to_string(model.top().epoch); }

  void step() {
    switch (draw(14)) {
    case 0: return trim();
    case 1: return save();
    case 2: return draw(3) == 0 ? come_back() : void();
    case 3: return draw(2) == 0 ? other_run() : void();
    case 4:
    case 5: return place();
    case 6: both("entries", lua::entries, {near_the_top(), std::to_string(draw(60))}); return;
    case 7: both("entries around", lua::entries, {near_the_top(), std::to_string(draw(60)), "1"}); return;
    default: return publish();
    }
  }
  void publish() {
    texts arguments{
        "c", R"({"n":)" + std::to_string(++messages) + "}", "5", "90000", next_epoch(), "90000", "90000"};
    if (draw(3) != 0)
      for (const auto& more :
           {some_epoch(), near_the_top(), std::to_string(draw(2)), std::to_string(messages)})
        arguments.push_back(more);
    both("publish", lua::publish, arguments, true, draw(3) == 0 ? "k" + std::to_string(draw(9)) : "");
  }
  void place() {
    texts arguments{next_epoch(), "90000"};
    if (draw(3) != 0) {
      arguments.push_back(some_epoch());
      arguments.push_back(near_the_top());
      arguments.push_back(draw(3) == 0 ? "" : "another");
    }
    both("place", lua::place, arguments);
  }
  void trim() {
    const auto size = model.kept().log.size();
    if (size == 0) return;
    model.drop_oldest(1);
    redis.command({"XTRIM", "l", "MAXLEN", std::to_string(size - 1)});
  }
  void save() {
    saved = model.kept();
    saved.keys.clear();
    redis.command({"DEL", "saved m", "saved l"});
    redis.command({"COPY", "m", "saved m"});
    redis.command({"COPY", "l", "saved l"});
  }
  /// Keys stay: that is how one survives its message.
  void come_back() {
    auto with = saved;
    with.keys = model.kept().keys;
    model.come_back(std::move(with));
    redis.command({"DEL", "m", "l"});
    redis.command({"COPY", "saved m", "m"});
    redis.command({"COPY", "saved l", "l"});
  }
  void other_run() {
    if (!model.top()) return;
    model.was_of_another_run();
    redis.command({"HSET", "m", "r", "other"});
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(model_redis_tests, fixture)

CAF_TEST(the model of Redis answers what the scripts answer) {
  for (int i = 0; i < 2'000; ++i) step();
  CAF_CHECK(epochs > 100);
}

CAF_TEST_FIXTURE_SCOPE_END()
