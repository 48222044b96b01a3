#include "app/cli_stats.hpp"

#include "config/parse_value.hpp"

#include <ostream>

namespace roomcast::app {

namespace {

std::string value_of(const config::environment& env, const std::string& name) {
  auto found = env.find(name);
  return found == env.end() ? std::string{} : found->second;
}

// What is no port (0, or Kubernetes' `tcp://...`) says nothing about where a node listens.
std::string default_node(const config::environment& env) {
  for (auto name : {"ROOMCAST_SERVER_PORT", "PORT"}) {
    auto text = value_of(env, name);
    if (auto port = config::parse_number(text); port && *port > 0 && *port <= 65'535)
      return "http://127.0.0.1:" + text;
  }
  return "http://127.0.0.1:8080";
}

/// The arguments one by one. Each step answers an error line, empty when all is well.
class stats_parser {
public:
  explicit stats_parser(const std::vector<std::string>& args) : args_(args) {}

  std::string run(stats_command& into) {
    for (; at_ < args_.size(); ++at_) {
      auto wrong = args_[at_].starts_with("-") ? take_flag(into) : take_view(into);
      if (!wrong.empty()) return wrong;
    }
    if (into.tables.sort.empty()) return {};
    return check_sort_key(into.view, into.tables.sort);
  }

private:
  std::string take_view(stats_command& into) {
    auto view = parse_stats_view(args_[at_]);
    if (!view || into.view != stats_view::node)
      return "stats takes one of rooms, connections, actors, cluster, not "
             + config::printable(args_[at_], 40);
    into.view = *view;
    return {};
  }

  std::string take_flag(stats_command& into) {
    const auto& arg = args_[at_];
    auto name = arg.substr(0, arg.find('='));
    if (arg == "--watch" || arg == "--json") {
      (arg == "--watch" ? into.watch : into.json) = true;
      return {};
    }
    if (name != "--node" && name != "--token" && name != "--top" && name != "--sort")
      return "unknown flag " + config::printable(name, 40) + "; see roomcast help stats";
    std::string value;
    if (name.size() < arg.size())
      value = arg.substr(name.size() + 1);
    else if (at_ + 1 < args_.size() && !args_[at_ + 1].starts_with("--"))
      value = args_[++at_];
    if (value.empty()) return name + " needs a value";
    return set(name, value, into);
  }

  static std::string set(const std::string& name, std::string value, stats_command& into) {
    if (name == "--token")
      into.token = std::move(value);
    else if (name == "--sort")
      into.tables.sort = std::move(value);
    else if (name == "--node")
      return set_node(std::move(value), into);
    else {
      auto rows = config::parse_number(value);
      if (!rows || *rows == 0) return "--top needs a number of rows, at least 1";
      into.tables.top = *rows;
    }
    return {};
  }

  static std::string set_node(std::string url, stats_command& into) {
    auto scheme = url.find("://");
    if (scheme == std::string::npos)
      url.insert(0, "http://");
    else if (url.compare(0, scheme, "http") != 0)
      return "--node takes http://host:port";
    while (url.ends_with('/')) url.pop_back();
    if (url.size() <= std::string_view{"http://"}.size()) return "--node takes http://host:port";
    into.node = std::move(url);
    return {};
  }

  const std::vector<std::string>& args_;
  size_t at_ = 0;
};

/// One question and what became of it.
struct picture {
  std::string text;    ///< for standard output
  std::string failure; ///< or why there is none
  bool final = false;  ///< asking again will not help
};

std::string explain_status(unsigned status) {
  auto code = "HTTP " + std::to_string(status);
  if (status == 401 || status == 403)
    return code
           + ": stats are for loopback, or need the node's admin token: --token T or "
             "ROOMCAST_SERVER_ADMIN_TOKEN";
  if (status == 404) return code + ": there is no roomcast node at this address";
  return code;
}

picture take_picture(const stats_command& command, const stats_terminal& terminal) {
  auto answer = terminal.fetch(command.node + stats_path(command.view), command.token);
  if (!answer) return {{}, config::printable(answer.failure()), false};
  auto node = config::printable(config::mask_url(command.node));
  if (answer->status != 200) {
    auto refused = answer->status >= 400 && answer->status < 500;
    return {{}, node + " answers " + explain_status(answer->status), refused};
  }
  if (command.json) return {answer->body.ends_with('\n') ? answer->body : answer->body + '\n', {}, false};
  auto text = render_stats(command.view, answer->body, command.tables);
  if (!text) return {{}, node + " answers what is no stats document", true};
  return {*text, {}, false};
}

int ask_once(const stats_command& command, stats_terminal& terminal) {
  auto seen = take_picture(command, terminal);
  if (!seen.failure.empty()) {
    terminal.err << "roomcast: " << seen.failure << '\n';
    return 1;
  }
  terminal.out << seen.text << std::flush;
  return 0;
}

// On a terminal the last picture stays while the node is away, with the reason below it.
void show(const picture& seen, const std::string& last, stats_terminal& terminal) {
  constexpr auto clear = "\x1b[H\x1b[2J";
  if (terminal.clears) {
    terminal.out << clear << last;
    if (!seen.failure.empty()) terminal.out << '\n' << seen.failure << "; trying again\n";
  } else if (seen.failure.empty()) {
    terminal.out << seen.text;
  } else {
    terminal.err << "roomcast: " << seen.failure << "; trying again\n";
  }
  terminal.out << std::flush;
}

int watch(const stats_command& command, stats_terminal& terminal) {
  std::string last;
  do {
    auto seen = take_picture(command, terminal);
    if (seen.final) {
      terminal.err << "roomcast: " << seen.failure << '\n';
      return 1;
    }
    if (seen.failure.empty()) last = seen.text;
    show(seen, last, terminal);
  } while (terminal.out && terminal.pause());
  return 0;
}

} // namespace

result<stats_command, std::string>
parse_stats(const std::vector<std::string>& args, const config::environment& env) {
  stats_command command;
  command.node = default_node(env);
  command.token = value_of(env, "ROOMCAST_SERVER_ADMIN_TOKEN");
  if (auto wrong = stats_parser{args}.run(command); !wrong.empty()) return wrong;
  return command;
}

int run_stats(
    const std::vector<std::string>& args, const config::environment& env, stats_terminal& terminal) {
  auto command = parse_stats(args, env);
  if (!command) {
    terminal.err << "roomcast: " << command.failure() << '\n';
    return 2;
  }
  return command->watch ? watch(*command, terminal) : ask_once(*command, terminal);
}

} // namespace roomcast::app
