#pragma once

#include "config/loader.hpp"

#include "tests/support/temporary_directory.hpp"

#include <caf/test/dsl.hpp>

#include <string>
#include <string_view>
#include <vector>

using namespace roomcast;
using namespace roomcast::config;
using namespace std::chrono_literals;

// What the tests of the loader share; included behind CAF_SUITE, because the fixture checks by itself.

namespace {

using arguments = std::vector<std::string>;

struct fixture {
  test::temporary_directory directory;
  environment env;
  url_check check_url;
  std::string conf = directory.path("caf-application.conf");

  result<configuration, std::string> try_load(arguments args = {}) {
    return load({std::move(args), env, check_url, conf});
  }

  configuration loaded(arguments args = {}) {
    auto outcome = try_load(std::move(args));
    if (!outcome) CAF_FAIL(outcome.failure());
    return *outcome;
  }

  /// The error line, the file's directory removed.
  std::string failure(arguments args = {}) {
    auto outcome = try_load(std::move(args));
    if (outcome) return "";
    auto line = outcome.failure();
    auto where = directory.path("");
    for (size_t at; (at = line.find(where)) != std::string::npos;) line.erase(at, where.size());
    CAF_CHECK(line.find('\n') == std::string::npos);
    return line;
  }

  std::string file_failure(std::string_view text) {
    directory.file("caf-application.conf", text);
    return failure();
  }

  std::string url(arguments args = {}) { return loaded(std::move(args)).values.redis.urls.at(0); }
  std::string warning() { return loaded().warnings.at(0); }
  uint16_t port(arguments args = {}) { return loaded(std::move(args)).values.server.port; }
};

} // namespace
