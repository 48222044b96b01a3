#include "config/loader.hpp"

#include "config/config_text.hpp"
#include "config/option.hpp"
#include "config/parse_value.hpp"
#include "config/suggest.hpp"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <system_error>

#include <unistd.h>

namespace roomcast::config {

namespace {

constexpr std::string_view variable_prefix = "ROOMCAST_";

struct flag {
  std::string name; ///< without `--`
  std::string value;
};

std::string did_you_mean(
    std::string_view word, const std::vector<std::string>& candidates, std::string_view before = {}) {
  auto nearest = suggest(word, candidates);
  return nearest.empty() ? nearest : "; did you mean " + std::string{before} + nearest + "?";
}

// For errors: where the value stands.
std::string place(const source& from) {
  switch (from.kind) {
  case source_kind::file: return from.detail + ": ";
  case source_kind::environment: return "environment variable " + from.detail + ": ";
  case source_kind::flag: return "command line: ";
  case source_kind::defaults: break;
  }
  return {};
}

// URLs as `a,b` or as the file's own `["a", "b"]`. A comma may stand within a URL: what begins no URL belongs
// to the one before.
texts split_list(const std::string& value) {
  if (value.starts_with('['))
    if (auto parsed = parse_config_text("list = " + value, "list"); parsed && parsed->size() == 1)
      return parsed->front().texts;
  texts parts;
  for (size_t begin = 0; begin <= value.size();) {
    auto end = std::min(value.find(',', begin), value.size());
    auto part = value.substr(begin, end - begin);
    if (parts.empty() || part.find("://") != std::string::npos)
      parts.push_back(std::move(part));
    else
      parts.back() += ',' + part;
    begin = end + 1;
  }
  return parts;
}

// `[ { key = value } ]` as in the file, or one such map alone.
texts split_maps(const std::string& value) {
  auto parsed = parse_config_text("list = " + value, "list");
  const bool is_list = parsed && parsed->size() == 1
                       && (parsed->front().kind == value_kind::maps || parsed->front().texts.empty())
                       && parsed->front().kind != value_kind::other;
  return is_list ? parsed->front().texts : texts{value};
}

// Kubernetes gives the pods of a service named `roomcast-server` such a variable.
bool is_service_link(std::string_view value) {
  return value.starts_with("tcp://") || value.starts_with("udp://");
}

/// One run of load(). Each step answers an error line, empty when all is well.
class loading {
public:
  explicit loading(const load_request& request) : request_(request) {}

  std::string run() {
    if (auto wrong = split_flags(); !wrong.empty()) return wrong;
    if (auto wrong = read_file(); !wrong.empty()) return wrong;
    if (auto wrong = read_environment(); !wrong.empty()) return wrong;
    if (auto wrong = read_flags(); !wrong.empty()) return wrong;
    return check_all();
  }

  configuration take() { return std::move(out_); }

private:
  // -- command line ----------------------------------------------------------

  std::string split_flags() {
    const auto& args = request_.args;
    for (size_t i = 0; i < args.size(); ++i) {
      // The argument is not repeated: it may be a secret that lost its flag.
      if (!args[i].starts_with("--") || args[i].size() == 2)
        return "command line: argument " + std::to_string(i + 1)
               + " is no flag; write --key=value or --key value";
      auto equals = args[i].find('=');
      auto name = args[i].substr(2, equals == std::string::npos ? equals : equals - 2);
      if (equals != std::string::npos)
        flags_.push_back({name, args[i].substr(equals + 1)});
      else if (i + 1 < args.size() && !args[i + 1].starts_with("--"))
        flags_.push_back({name, args[++i]});
      else
        return "command line: --" + printable(name) + " needs a value";
      if (auto wrong = check_flag(name); !wrong.empty()) return wrong;
    }
    return {};
  }

  std::string check_flag(const std::string& name) {
    if (name == "config-file" || find_option(name)) return {};
    std::vector<std::string> known{"config-file"};
    for (const auto& each : options()) known.push_back(each.name);
    return "command line: unknown key " + printable(name) + did_you_mean(name, known, "--");
  }

  std::string read_flags() {
    for (const auto& [name, value] : flags_)
      if (const auto* which = find_option(name))
        if (auto wrong = assign_text(*which, value, {source_kind::flag, {}}); !wrong.empty()) return wrong;
    return {};
  }

  // -- file ------------------------------------------------------------------

  std::string read_file() {
    std::string path;
    for (const auto& each : flags_)
      if (each.name == "config-file") {
        if (each.value.empty()) return "command line: --config-file needs a file name";
        path = each.value;
      }
    if (path.empty()) {
      path = request_.default_file;
      std::error_code ignored; // a link that leads nowhere is an error later, not a missing file
      if (path.empty() || !exists(std::filesystem::symlink_status(path, ignored))) return {};
    }
    auto entries = parse_config_file(path);
    if (!entries) return entries.failure();
    for (const auto& each : *entries)
      if (auto wrong = take_entry(each, printable(path) + ":" + std::to_string(each.line)); !wrong.empty())
        return wrong;
    return {};
  }

  std::string take_entry(const file_entry& entry, const std::string& where) {
    const auto* which = find_option(entry.name);
    if (entry.kind == value_kind::group && !which) return check_group(entry.name, where);
    if (!which) return unknown_entry(entry, where);
    auto single_in_list = which->kind == value_kind::list && entry.kind == value_kind::text;
    auto empty_list =
        which->kind == value_kind::maps && entry.kind == value_kind::list && entry.texts.empty();
    if (entry.kind != which->kind && !single_in_list && !empty_list)
      return where + ": " + entry.name + ": expected " + std::string{describe(which->kind)} + ", found "
             + std::string{describe(entry.kind)};
    return assign(*which, entry.texts, {source_kind::file, where});
  }

  static std::string check_group(const std::string& name, const std::string& where) {
    std::vector<std::string> groups;
    for (const auto& each : options())
      if (groups.empty() || groups.back() != each.group()) groups.push_back(each.group());
    if (std::find(groups.begin(), groups.end(), name) != groups.end()) return {};
    return where + ": unknown key " + name + did_you_mean(name, groups);
  }

  static std::string unknown_entry(const file_entry& entry, const std::string& where) {
    std::vector<std::string> names;
    for (const auto& each : options()) {
      names.push_back(each.name);
      if (each.group() == entry.name)
        return where + ": " + entry.name + " is a group; write " + entry.name + " { key = value }";
    }
    return where + ": unknown key " + entry.name + did_you_mean(entry.name, names);
  }

  // -- environment -----------------------------------------------------------

  // Unset and empty are the same: compose files and charts pass empty variables for "not given".
  const std::string* variable(const std::string& name) const {
    auto found = request_.env.find(name);
    return found == request_.env.end() || found->second.empty() ? nullptr : &found->second;
  }

  std::string read_environment() {
    if (const auto* port = variable("PORT"))
      if (auto wrong = assign_text(*find_option("server.port"), *port, {source_kind::environment, "PORT"});
          !wrong.empty())
        return wrong;
    if (const auto* url = variable("REDIS_URL")) {
      source from{source_kind::environment, "REDIS_URL"};
      if (auto wrong = assign_text(*find_option("redis.urls"), *url, from); !wrong.empty()) return wrong;
      if (auto wrong = assign(*find_option("server.bus"), {"redis"}, from); !wrong.empty()) return wrong;
    }
    for (const auto& each : options()) {
      auto name = each.variable();
      const auto* value = variable(name);
      if (!value || (each.name == "server.port" && is_service_link(*value))) continue;
      if (auto wrong = assign_text(each, *value, {source_kind::environment, name}); !wrong.empty())
        return wrong;
    }
    warn_unknown_variables();
    return {};
  }

  void warn_unknown_variables() {
    std::vector<std::string> known;
    for (const auto& each : options()) known.push_back(each.variable());
    for (const auto& [name, value] : request_.env) {
      if (!name.starts_with(variable_prefix) || value.empty()) continue;
      auto names_a_key = std::find(known.begin(), known.end(), name) != known.end();
      if (names_a_key && !(name == "ROOMCAST_SERVER_PORT" && is_service_link(value))) continue;
      auto hint = is_service_link(value) ? "; Kubernetes sets it for a service of that name"
                                         : did_you_mean(name, known);
      out_.warnings.push_back(
          "environment variable " + printable(name) + (names_a_key ? " is no port" : " names no key")
          + " and is ignored" + hint);
    }
  }

  // -- values ----------------------------------------------------------------

  std::string assign_text(const option& which, const std::string& value, source from) {
    switch (which.kind) {
    case value_kind::list: return assign(which, split_list(value), std::move(from));
    case value_kind::maps: return assign(which, split_maps(value), std::move(from));
    default: return assign(which, {value}, std::move(from));
    }
  }

  std::string assign(const option& which, const texts& value, source from) {
    if (auto wrong = which.assign(out_, value); !wrong.empty())
      return place(from) + wrong_value(which, value, wrong);
    out_.sources[which.name] = std::move(from);
    return {};
  }

  source source_of(const std::string& name) const {
    auto found = out_.sources.find(name);
    return found == out_.sources.end() ? source{} : found->second;
  }

  std::string check_all() {
    if (auto wrong = out_.values.validate(); !wrong.empty()) return wrong;
    if (auto wrong = check_servers(); !wrong.empty()) return wrong;
    if (auto wrong = check_tls_ca(); !wrong.empty()) return wrong;
    auto from = source_of("redis.urls");
    auto said_now = from.kind == source_kind::environment || from.kind == source_kind::flag;
    if (said_now && out_.values.server.bus == bus_kind::memory)
      out_.warnings.push_back("redis.urls is set but not used: server.bus is memory");
    return {};
  }

  std::string check_servers() const {
    if (!request_.check_url) return {};
    const auto& urls = *find_option("redis.urls");
    const auto where = place(source_of(urls.name));
    std::vector<std::string> servers;
    for (const auto& each : out_.values.redis.urls) {
      auto [server, wrong] = request_.check_url(each);
      if (!wrong.empty()) return where + wrong_value(urls, {each}, printable(wrong));
      if (std::find(servers.begin(), servers.end(), server) != servers.end())
        return where + wrong_value(urls, {each}, printable(server) + " is there twice");
      servers.push_back(std::move(server));
    }
    return {};
  }

  std::string check_tls_ca() const {
    const auto& path = out_.values.redis.tls_ca;
    std::error_code ignored;
    if (path.empty() || std::filesystem::is_regular_file(path, ignored)) return {};
    const auto& which = *find_option("redis.tls-ca");
    return place(source_of(which.name)) + wrong_value(which, {path}, "no such file");
  }

  const load_request& request_;
  std::vector<flag> flags_;
  configuration out_;
};

} // namespace

result<configuration, std::string> load(const load_request& request) noexcept {
  try {
    loading run{request};
    constexpr size_t longest_line = 1'000;
    if (auto wrong = run.run(); !wrong.empty())
      return printable(wrong, longest_line); // file names may hold anything
    return run.take();
  } catch (const std::exception& failure) {
    return std::string{"the configuration cannot be read: "} + failure.what();
  }
}

environment process_environment() {
  environment all;
  for (auto** each = environ; each && *each; ++each) {
    std::string_view line{*each};
    if (auto equals = line.find('='); equals != std::string_view::npos)
      all.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  return all;
}

} // namespace roomcast::config
