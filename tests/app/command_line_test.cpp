#define CAF_SUITE command_line
#include "app/command_line.hpp"

#include <caf/test/dsl.hpp>

using namespace roomcast::app;

namespace {

using arguments = std::vector<std::string>;

invocation parsed(const arguments& args) {
  auto call = parse_command(args);
  if (!call) CAF_FAIL(call.failure());
  return *call;
}

bool is(const arguments& args, command what, const arguments& rest) {
  auto call = parsed(args);
  return call.what == what && call.args == rest;
}

} // namespace

CAF_TEST(the first argument names the command) {
  CAF_CHECK(is({"serve", "--server.port=5"}, command::serve, {"--server.port=5"}));
  CAF_CHECK(is({"stats", "rooms", "--watch"}, command::stats, {"rooms", "--watch"}));
  CAF_CHECK(is({"check-config", "f.conf"}, command::check_config, {"f.conf"}));
  CAF_CHECK(is({"version"}, command::version, {}));
  CAF_CHECK(is({"help", "stats"}, command::help, {"stats"}));
}

CAF_TEST(without a command it is serve) {
  CAF_CHECK(is({}, command::serve, {}));
  CAF_CHECK(is({"--server.port=5"}, command::serve, {"--server.port=5"}));
  CAF_CHECK(is({"--server.port", "5"}, command::serve, {"--server.port", "5"}));
}

CAF_TEST(help is asked for anywhere) {
  CAF_CHECK(is({"--help"}, command::help, {}));
  CAF_CHECK(is({"-h"}, command::help, {}));
  CAF_CHECK(is({"serve", "--server.port=1", "--help"}, command::help, {"serve"}));
  CAF_CHECK(is({"stats", "-h"}, command::help, {"stats"}));
}

CAF_TEST(version is a flag too) {
  CAF_CHECK(is({"--version"}, command::version, {}));
  CAF_CHECK(version_line().starts_with("roomcast "));
}

CAF_TEST(an unknown command is one line that lists the known ones) {
  auto call = parse_command({"start\n"});
  CAF_REQUIRE(!call);
  CAF_CHECK_EQUAL(
      call.failure(), "unknown command start?; known are serve, stats, check-config, version, help");
}

CAF_TEST(the help names every command and flag) {
  auto text = help_text("");
  for (auto part :
       {"serve", "stats", "check-config", "version", "--server.port=N", "--config-file=FILE", "REDIS_URL"})
    CAF_CHECK(text.find(part) != std::string::npos);
  CAF_CHECK(help_text("stats").find("--sort KEY") != std::string::npos);
  CAF_CHECK(help_text("check-config").find("--server.port=N") != std::string::npos);
  CAF_CHECK_EQUAL(help_text("nonsense"), text);
}
