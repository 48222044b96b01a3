#define CAF_SUITE namespaces
#include "tests/config/loader_fixture.hpp"

CAF_TEST_FIXTURE_SCOPE(namespaces_tests, fixture)

CAF_TEST(namespaces come from the file or a flag or the environment) {
  const std::string list = R"([ { prefix = "chat:", slow-consumer = "drop-oldest" }, { prefix = "x" },
    { prefix = "h:", history-size = 7, history-ttl = 2min, presence-grace = 10s } ])";
  const auto check = [](const configuration& c) {
    const auto& all = c.values.rooms.namespaces;
    CAF_REQUIRE_EQUAL(all.size(), 3u);
    CAF_CHECK_EQUAL(all[0].prefix, "chat:");
    CAF_CHECK(all[0].slow_consumer == slow_policy::drop_oldest);
    CAF_CHECK_EQUAL(all[1].prefix, "x");
    CAF_CHECK(!all[1].slow_consumer && !all[1].history_size && !all[1].history_ttl && !all[1].presence_grace);
    CAF_CHECK(all[2].history_size == 7u && all[2].history_ttl == 2min && all[2].presence_grace == 10s);
  };
  check(loaded({"--rooms.namespaces=" + list}));
  env["ROOMCAST_ROOMS_NAMESPACES"] = list;
  check(loaded());
  env.clear();
  directory.file("caf-application.conf", "rooms { namespaces = " + list + " }");
  check(loaded());
  directory.file("caf-application.conf", effective(loaded()));
  check(loaded());
  CAF_CHECK(loaded({"--rooms.namespaces=[]"}).values.rooms.namespaces.empty());
}

CAF_TEST(what is wrong with a namespace is one line) {
  const auto wrong = [this](const std::string& list) {
    const auto line = failure({"--rooms.namespaces=" + list});
    const std::string before = "command line: rooms.namespaces = ";
    CAF_CHECK_EQUAL(line.substr(0, before.size()), before);
    return line.substr(line.rfind("]: ") + 3);
  };
  CAF_CHECK_EQUAL(
      wrong(R"([ { prefix = "a", slow-consumer = "x" } ])"),
      "slow-consumer must be one of disconnect|drop-oldest|latest-only");
  CAF_CHECK_EQUAL(wrong(R"([ { slow-consumer = "latest-only" } ])"), "each namespace needs a prefix");
  CAF_CHECK_EQUAL(wrong(R"([ { } ])"), "each namespace needs a prefix");
  CAF_CHECK_EQUAL(
      wrong(R"([ { prefix = "a", linger = 1s } ])"),
      "unknown key linger; known are prefix, slow-consumer, history-size, history-ttl and presence-grace");
  CAF_CHECK_EQUAL(
      wrong(R"([ { prefix = "a", history-size = 100001 } ])"),
      "history-size must be a whole number, 0 to 100000");
  CAF_CHECK_EQUAL(
      wrong(R"([ { prefix = "a", history-ttl = 5 } ])"),
      "history-ttl must be a duration such as 30s or 500ms, 1s to 720h");
  CAF_CHECK_EQUAL(
      wrong(R"([ { prefix = "a", presence-grace = 6min } ])"),
      "presence-grace must be a duration such as 30s or 500ms, 0s to 5min");
  CAF_CHECK_EQUAL(wrong(R"([ { prefix = "a", prefix = "b" } ])"), "a key of a namespace is set twice");
  CAF_CHECK_EQUAL(wrong(R"([ { prefix = "a" }, { prefix = "a" } ])"), R"(prefix "a" is there twice)");
  CAF_CHECK_EQUAL(
      wrong(R"([ { prefix = 1 } ])"), "prefix must be a text of 1 to 255 bytes without control characters");
  for (auto list : {"chat:", "[", R"(["a"])", "[ { prefix = \"a\" } ] x", "[ [] ]", "{ a = { b = 1 } }"})
    CAF_CHECK(
        failure({std::string{"--rooms.namespaces="} + list}).starts_with("command line: rooms.namespaces"));
  CAF_CHECK_EQUAL(
      file_failure("rooms {\n namespaces = { prefix = \"a\" }\n}"),
      "caf-application.conf:2: rooms.namespaces: expected a list of maps, [ { key = value } ], found a group "
      "in braces");
  CAF_CHECK(
      file_failure("rooms {\n\n namespaces = [ { x = 1 } ]\n}").starts_with("caf-application.conf:3: "));
}

CAF_TEST(histories need positions on the bus and so a channel with the prefix) {
  const std::string reason = "redis.channel = \"%\": must hold {prefix}, since rooms.history-size is not 0: "
                             "messages without a position have no history";
  const std::string in_namespace = R"(--rooms.namespaces=[ { prefix = "a", history-size = 1 } ])";
  CAF_CHECK_EQUAL(failure({"--server.bus=redis", "--redis.channel=%", "--rooms.history-size=1"}), reason);
  CAF_CHECK_EQUAL(failure({"--server.bus=redis", "--redis.channel=%", in_namespace}), reason);
  CAF_CHECK_EQUAL(failure({"--server.bus=redis", "--redis.channel={prefix}%", in_namespace}), "");
  CAF_CHECK_EQUAL(failure({"--redis.channel=%", in_namespace}), ""); // in memory there is no channel
}

CAF_TEST(all output queues may hold at least what one may) {
  CAF_CHECK_EQUAL(
      failure({"--limits.max-output-memory=5"}),
      "limits.max-output-memory = 5: must be 0 or at least limits.max-queue-bytes, 1048576");
  CAF_CHECK_EQUAL(loaded({"--limits.max-output-memory=1048576"}).values.limits.max_output_memory, 1'048'576u);
}

CAF_TEST_FIXTURE_SCOPE_END()
