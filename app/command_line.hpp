#pragma once

#include "core/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace roomcast::app {

enum class command : uint8_t { serve, stats, check_config, version, help };

/// One call of the program: what to do, and the arguments that belong to it.
struct invocation {
  command what = command::serve;
  std::vector<std::string> args; ///< after the subcommand; for help: the subcommand it is about, or nothing
};

/// Splits the arguments (without the program's name). No subcommand means serve; `--help` or `-h` anywhere
/// asks for help. The error is one line (exit code 2). Pure.
result<invocation, std::string> parse_command(const std::vector<std::string>& args);

/// For people, ends with a newline; `topic` is a subcommand, anything else gives the overview.
std::string help_text(std::string_view topic);

/// `roomcast 0.1.0`, without newline.
std::string version_line();

} // namespace roomcast::app
