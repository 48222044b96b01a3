#define CAF_SUITE cli_check_config
#include "app/cli_check_config.hpp"

#include "tests/support/temporary_directory.hpp"

#include <caf/test/dsl.hpp>

#include <sstream>

using namespace roomcast;
using namespace roomcast::app;

namespace {

struct fixture {
  test::temporary_directory directory;
  config::environment env;
  std::ostringstream out;
  std::ostringstream err;

  int run(std::vector<std::string> args) {
    return run_check_config({std::move(args), env, {}, directory.path("caf-application.conf")}, out, err);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(cli_check_config_tests, fixture)

CAF_TEST(the configuration in force is printed with its sources and ok) {
  auto file = directory.file("my.conf", "server { port = 9001 }");
  env["ROOMCAST_SERVER_ADMIN_TOKEN"] = "hunter2";
  CAF_CHECK_EQUAL(run({file, "--log.level=debug"}), 0);
  auto text = out.str();
  CAF_CHECK(text.find("port = 9001") != std::string::npos);
  CAF_CHECK(text.find("; file " + file + ":1\n") != std::string::npos);
  CAF_CHECK(text.find("; environment ROOMCAST_SERVER_ADMIN_TOKEN\n") != std::string::npos);
  CAF_CHECK(text.find("hunter2") == std::string::npos);
  CAF_CHECK(text.ends_with("}\nok\n"));
  CAF_CHECK_EQUAL(err.str(), "");
}

CAF_TEST(the default file is read without an argument) {
  directory.file("caf-application.conf", "server { port = 9001 }");
  CAF_CHECK_EQUAL(run({}), 0);
  CAF_CHECK(out.str().find("port = 9001") != std::string::npos);
}

CAF_TEST(what is wrong is one line and exit code 2) {
  CAF_CHECK_EQUAL(run({directory.path("none.conf")}), 2);
  CAF_CHECK_EQUAL(out.str(), "");
  CAF_CHECK_EQUAL(err.str(), "roomcast: " + directory.path("none.conf") + ": no such file\n");
}

CAF_TEST(warnings are shown and do not fail) {
  env["ROOMCAST_PORT"] = "tcp://10.0.0.1:80";
  CAF_CHECK_EQUAL(run({}), 0);
  CAF_CHECK(err.str().starts_with("roomcast: warning: environment variable ROOMCAST_PORT"));
  CAF_CHECK(out.str().ends_with("ok\n"));
}

CAF_TEST_FIXTURE_SCOPE_END()
