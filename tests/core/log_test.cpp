#define CAF_SUITE log
#include "core/log.hpp"

#include <caf/test/dsl.hpp>

#include <cstdint>
#include <string>

using namespace roomcast;

namespace {

constexpr std::string_view noon = "2026-11-21T12:00:00.000Z";

std::string text(std::string_view event, log::fields values, std::string_view node = "") {
  return log::render(log::format::text, noon, log::level::info, node, event, values).substr(noon.size() + 1);
}

std::string json(std::string_view event, log::fields values, std::string_view node = "") {
  return log::render(log::format::json, noon, log::level::info, node, event, values);
}

} // namespace

CAF_TEST(a line begins with time and level and event) {
  CAF_CHECK_EQUAL(
      log::render(log::format::text, noon, log::level::warning, "n1", "slow", {}),
      "2026-11-21T12:00:00.000Z warning slow node=n1");
  CAF_CHECK_EQUAL(text("ready", {}), "info ready");
}

CAF_TEST(fields follow in order) {
  CAF_CHECK_EQUAL(
      text("joined", {{"room", "lobby"}, {"conn", uint64_t{7}}, {"first", true}, {"delta", -1}}),
      "info joined room=lobby conn=7 first=true delta=-1");
}

CAF_TEST(a value that could be misread is quoted) {
  CAF_CHECK_EQUAL(text("e", {{"k", ""}}), R"(info e k="")");
  CAF_CHECK_EQUAL(text("e", {{"k", "two words"}}), R"(info e k="two words")");
  CAF_CHECK_EQUAL(text("e", {{"k", "a=b"}}), R"(info e k="a=b")");
  CAF_CHECK_EQUAL(text("e", {{"k", R"(say "\")"}}), R"(info e k="say \"\\\"")");
  CAF_CHECK_EQUAL(text("e", {}, "my node"), R"(info e node="my node")");
}

CAF_TEST(no value can begin a second line) {
  CAF_CHECK_EQUAL(text("e", {{"k", "a\r\nb\x7F"}}), R"(info e k="a\u000d\u000ab\u007f")");
  CAF_CHECK_EQUAL(
      json("e", {{"k", "a\nb"}}),
      R"({"time":"2026-11-21T12:00:00.000Z","level":"info","event":"e","k":"a\u000ab"})");
}

CAF_TEST(JSON lines keep numbers and booleans bare) {
  CAF_CHECK_EQUAL(
      json("joined", {{"room", "a\"b"}, {"conn", 7u}, {"first", false}, {"number", "7"}}, "n1"),
      R"({"time":"2026-11-21T12:00:00.000Z","level":"info","event":"joined","node":"n1","room":"a\"b","conn":7,"first":false,"number":"7"})");
}

CAF_TEST(every level has a name) {
  const std::pair<log::level, std::string> rows[] = {
      {log::level::debug, "debug"},
      {log::level::info, "info"},
      {log::level::warning, "warning"},
      {log::level::error, "error"}};
  for (const auto& [level, name] : rows)
    CAF_CHECK_EQUAL(log::render(log::format::text, "T", level, "", "e", {}), "T " + name + " e");
}

CAF_TEST(lines below the threshold are not written) {
  log::configure(log::level::warning, log::format::text, "");
  CAF_CHECK(!log::enabled(log::level::debug));
  CAF_CHECK(!log::enabled(log::level::info));
  CAF_CHECK(log::enabled(log::level::warning));
  CAF_CHECK(log::enabled(log::level::error));
  log::configure(log::level::info, log::format::text, "");
  CAF_CHECK(log::enabled(log::level::info));
}
