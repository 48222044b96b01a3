#include "app/command_line.hpp"

#include "config/loader.hpp"
#include "config/parse_value.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace roomcast::app {

namespace {

constexpr std::array<std::pair<std::string_view, command>, 5> commands{{
    {"serve", command::serve},
    {"stats", command::stats},
    {"check-config", command::check_config},
    {"version", command::version},
    {"help", command::help},
}};

bool asks_for_help(const std::string& arg) { return arg == "--help" || arg == "-h"; }

constexpr std::string_view overview = R"(roomcast: a room-based WebSocket messaging server

  roomcast [serve] [flags]          run a node; the default command
  roomcast stats [view] [flags]     what a running node is doing; see `roomcast help stats`
  roomcast check-config [FILE]      what is configured, and where each value came from
  roomcast version
  roomcast help [command]

)";

constexpr std::string_view serve_help =
    R"(Flags of serve and check-config, as --key=value or --key value, with their defaults:

)";

constexpr std::string_view sources_help = R"(
A flag goes before the environment, that before the file, that before the default.
Environment: ROOMCAST_<GROUP>_<KEY>, such as ROOMCAST_SERVER_PORT; also PORT and REDIS_URL, which selects the
redis bus. The same keys stand in caf-application.conf as `server { port = 8080 }`.
)";

constexpr std::string_view stats_help = R"(roomcast stats [rooms|connections|actors|cluster] [flags]

Asks a node over HTTP and prints tables; without a view: the node and its bus.

  --node URL     the node (http://127.0.0.1:PORT, PORT from ROOMCAST_SERVER_PORT or PORT, else 8080)
  --token T      its admin token, needed from other hosts (ROOMCAST_SERVER_ADMIN_TOKEN)
  --watch        again every second, until Ctrl-C
  --json         the node's answer as it is; --top and --sort do not touch it
  --top N        at most N rows
  --sort KEY     by this column: numbers descending, texts ascending

Exit code: 0; 1 when the node cannot be asked; 2 for a wrong argument.
)";

constexpr std::string_view check_help = R"(roomcast check-config [FILE] [flags of serve]

Prints the configuration in force with the source of each value, secrets masked, and `ok`. Exit code 2 and one
line when something is wrong.

)";

} // namespace

result<invocation, std::string> parse_command(const std::vector<std::string>& args) {
  if (args.empty()) return invocation{};
  if (asks_for_help(args.front())) return invocation{command::help, {}};
  if (args.front() == "--version" || args.front() == "-V") return invocation{command::version, {}};
  invocation call{command::serve, args};
  std::string_view name = "serve";
  if (!args.front().starts_with('-')) {
    auto known = std::find_if(
        commands.begin(), commands.end(), [&](const auto& each) { return each.first == args.front(); });
    if (known == commands.end())
      return "unknown command " + config::printable(args.front(), 40)
             + "; known are serve, stats, check-config, version, help";
    name = known->first;
    call.what = known->second;
    call.args.erase(call.args.begin());
  }
  if (std::any_of(call.args.begin(), call.args.end(), asks_for_help))
    return invocation{command::help, {std::string{name}}};
  return call;
}

std::string help_text(std::string_view topic) {
  auto flags = std::string{serve_help} + config::flags_help() + std::string{sources_help};
  if (topic == "stats") return std::string{stats_help};
  if (topic == "check-config") return std::string{check_help} + flags;
  return std::string{overview} + flags;
}

std::string version_line() { return "roomcast " ROOMCAST_VERSION; }

} // namespace roomcast::app
