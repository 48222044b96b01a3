#include "app/cli_check_config.hpp"
#include "app/cli_stats.hpp"
#include "app/command_line.hpp"
#include "app/serve.hpp"
#include "app/settings_checks.hpp"

#include <cstdio>
#include <iostream>

namespace {

using namespace roomcast;

int usage(const std::string& problem) {
  std::fprintf(stderr, "roomcast: %s\n", problem.c_str());
  return 2;
}

int serve(std::vector<std::string> args) {
  const auto loaded = app::load_settings(std::move(args));
  return loaded ? app::serve(*loaded) : usage(loaded.failure());
}

int check_config(std::vector<std::string> args) {
  return app::run_check_config(
      {std::move(args), config::process_environment(), app::redis_url_check()}, std::cout, std::cerr);
}

int print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  const auto call = app::parse_command({argv + 1, argv + argc});
  if (!call) return usage(call.failure());
  switch (call->what) {
  case app::command::serve: return serve(call->args);
  case app::command::stats: return app::run_stats(call->args);
  case app::command::check_config: return check_config(call->args);
  case app::command::version: return print(app::version_line() + '\n');
  case app::command::help: return print(app::help_text(call->args.empty() ? "" : call->args.front()));
  }
}
