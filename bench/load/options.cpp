#include "bench/load/options.hpp"

#include "bench/load/payload.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <unistd.h>

namespace roomcast::bench {
namespace {

constexpr std::string_view usage_text = R"(usage: wsload --url HOST:PORT[,HOST:PORT...] [options]
  --path P             request target (default: the dialect's)
  --dialect NAME       %D
  --connections N      --rooms R  --joins K (rooms per connection)
  --publishers P       connections 0..P-1 publish
  --rate M             messages/s in total, open loop; 0 = closed loop
  --window W           closed loop: outstanding messages per publisher
  --size BYTES         payload size (at least %S)
  --duration S  --warmup S  --settle S  --drain S  --stuck S (prime a stuck publisher again)
  --connect-rate N/s   0 = as fast as --inflight allows   --inflight N  --connect-timeout S
  --threads T  --sources N (loopback source addresses; default 1 per 20,000 connections)
  --server-pid P[,P]   CPU and memory of the server      --aux-pid P[,P]  (a broker) kept apart
  --idle [--hold S]    connect, join, hold; report memory per connection
  --stall-members K [--stall-rcvbuf B]  the last K connections stop reading once joined
  --churners K [--churn-rate N/s]       the last K connections leave and come back all the time
  --room-prefix S  --label S  --json  --quiet
)";

/// Source addresses have about 28,000 ports each; stay well below.
constexpr uint32_t connections_per_source = 20'000;
constexpr uint32_t max_connections = 400'000;
constexpr uint32_t max_rooms = 0xFFFFFF; // six digits in a payload

[[noreturn]] void usage() {
  const auto text = replaced(
      replaced(std::string{usage_text}, "%D", dialect_names()), "%S",
      std::to_string(payload_format::min_size));
  std::fputs(text.c_str(), stderr);
  std::exit(2);
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    parts.emplace_back(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return parts;
}

/// `--name value` pairs and flags, taken one by one; what is left in the end is unknown.
class arguments {
public:
  arguments(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
      const std::string_view word = argv[i];
      if (word == "--idle" || word == "--json" || word == "--quiet")
        values_.emplace(word.substr(2), "");
      else if (word.starts_with("--") && i + 1 < argc)
        values_.insert_or_assign(std::string{word.substr(2)}, argv[++i]);
      else
        usage();
    }
  }

  bool flag(const char* name) { return values_.erase(name) > 0; }

  std::string text(const char* name, std::string fallback = {}) {
    const auto node = values_.extract(name);
    return node.empty() ? std::move(fallback) : std::move(node.mapped());
  }

  template <class Number> void number(const char* name, Number& out) {
    const auto node = values_.extract(name);
    if (node.empty()) return;
    const std::string& value = node.mapped();
    char* end = nullptr;
    const double parsed = std::strtod(value.c_str(), &end);
    if (value.empty() || *end || !(parsed >= 0 && parsed <= 2e9))
      die("--" + std::string{name} + ": not a number: " + value);
    out = static_cast<Number>(parsed);
  }

  void all_known() const {
    if (!values_.empty()) die("unknown option --" + values_.begin()->first);
  }

private:
  std::map<std::string, std::string> values_;
};

/// Loopback addresses only: this is no tool for other people's servers.
node_address parse_node(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) die("--url wants HOST:PORT, got " + text);
  std::string host = text.substr(0, colon);
  if (host == "localhost") host = "127.0.0.1";
  node_address node;
  node.text = text;
  node.address.sin_family = AF_INET;
  node.address.sin_port = htons(static_cast<uint16_t>(std::atoi(text.c_str() + colon + 1)));
  if (inet_pton(AF_INET, host.c_str(), &node.address.sin_addr) != 1) die("not an IPv4 address: " + host);
  if (ntohl(node.address.sin_addr.s_addr) >> 24 != 127)
    die("refusing to load " + text + ": loopback addresses only");
  return node;
}

std::vector<int> parse_pids(std::string_view list) {
  std::vector<int> pids;
  for (const auto& pid : split(list)) {
    if (access(("/proc/" + pid + "/stat").c_str(), R_OK) != 0) die("no process " + pid);
    pids.push_back(std::atoi(pid.c_str()));
  }
  return pids;
}

void read_numbers(arguments& given, options& o) {
  given.number("connections", o.connections);
  given.number("rooms", o.rooms);
  given.number("joins", o.joins);
  given.number("publishers", o.publishers);
  given.number("window", o.window);
  given.number("size", o.size);
  given.number("threads", o.threads);
  given.number("inflight", o.in_flight);
  given.number("sources", o.sources);
  given.number("stall-members", o.stalled);
  given.number("stall-rcvbuf", o.stalled_receive_buffer);
  given.number("churners", o.churners);
  given.number("churn-rate", o.churn_rate);
  given.number("rate", o.rate);
  given.number("connect-rate", o.connect_rate);
  given.number("warmup", o.warmup);
  given.number("duration", o.duration);
  given.number("settle", o.settle);
  given.number("drain", o.drain);
  given.number("hold", o.hold);
  given.number("stuck", o.stuck);
  given.number("connect-timeout", o.connect_timeout);
}

void complete(options& o) {
  o.connections = std::max(1u, o.connections);
  o.rooms = std::max(1u, o.rooms);
  o.joins = std::clamp(o.joins, o.idle ? 0u : 1u, o.rooms);
  o.threads = std::clamp(o.threads, 1u, o.connections);
  o.publishers = o.idle ? 0 : std::min(o.publishers, o.connections);
  o.window = std::max(1u, o.window);
  if (o.sources == 0) o.sources = 1 + o.connections / connections_per_source;
}

void check(const options& o) {
  if (o.size < payload_format::min_size)
    die("--size must be at least " + std::to_string(payload_format::min_size));
  if (o.rooms > max_rooms || o.connections > max_connections) die("too many rooms or connections");
  if (o.stalled > 0 && o.churners > 0) die("--stall-members and --churners do not go together");
  if (o.churners > 0 && o.churn_rate == 0) die("--churn-rate must be above 0");
  const auto special = uint64_t{o.stalled} + o.churners;
  if (special > 0 && special + o.publishers > o.connections)
    die("--stall-members, --churners: not enough connections besides the publishers");
}

} // namespace

void die(std::string_view message) {
  std::fprintf(stderr, "wsload: %.*s\n", static_cast<int>(message.size()), message.data());
  std::exit(2);
}

options parse_options(int argc, char** argv) {
  arguments given{argc, argv};
  options o;
  o.idle = given.flag("idle");
  o.json = given.flag("json");
  o.quiet = given.flag("quiet");
  o.room_prefix = given.text("room-prefix");
  o.label = given.text("label");
  read_numbers(given, o);
  const auto dialect_name = given.text("dialect", "rooms");
  o.path = given.text("path");
  const auto url = given.text("url");
  const auto server_pids = given.text("server-pid");
  const auto broker_pids = given.text("aux-pid");
  given.all_known();
  if (url.empty()) usage();
  o.dialect = find_dialect(dialect_name);
  if (!o.dialect) die("unknown dialect " + dialect_name);
  if (o.path.empty()) o.path = o.dialect->path;
  for (const auto& node : split(url)) o.nodes.push_back(parse_node(node));
  o.server_pids = parse_pids(server_pids);
  o.broker_pids = parse_pids(broker_pids);
  complete(o);
  check(o);
  return o;
}

} // namespace roomcast::bench
