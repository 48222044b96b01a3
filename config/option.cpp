#include "config/option.hpp"

#include "config/namespaces.hpp"
#include "config/parse_value.hpp"
#include "core/utf8.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>

namespace roomcast::config {

namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

const std::string& single(const texts& value) {
  static const std::string none;
  return value.empty() ? none : value.front();
}

// -- kinds of options --------------------------------------------------------
// `at` maps a configuration to the member, const or not.

template <class At> option number(std::string name, uint64_t min, uint64_t max, std::string about, At at) {
  auto assign = [=](configuration& c, const texts& value) -> std::string {
    auto n = parse_number(single(value));
    if (!n || *n < min || *n > max) return allowed_number(min, max);
    at(c) = static_cast<std::remove_reference_t<decltype(at(c))>>(*n);
    return {};
  };
  auto show = [=](const configuration& c) { return texts{std::to_string(at(c))}; };
  return {std::move(name), value_kind::number, "N", std::move(about), false, assign, show};
}

template <class At>
option duration(std::string name, milliseconds min, milliseconds max, std::string about, At at) {
  auto assign = [=](configuration& c, const texts& value) -> std::string {
    auto span = parse_duration(single(value));
    if (!span || *span < min || *span > max) return allowed_duration(min, max);
    at(c) = *span;
    return {};
  };
  auto show = [=](const configuration& c) { return texts{format_duration(at(c))}; };
  return {std::move(name), value_kind::duration, "TIME", std::move(about), false, assign, show};
}

template <class At> option boolean(std::string name, std::string about, At at) {
  auto assign = [=](configuration& c, const texts& value) -> std::string {
    if (single(value) != "true" && single(value) != "false") return "must be true or false";
    at(c) = single(value) == "true";
    return {};
  };
  auto show = [=](const configuration& c) { return texts{at(c) ? "true" : "false"}; };
  return {std::move(name), value_kind::boolean, "true|false", std::move(about), false, assign, show};
}

using text_rule = bool (*)(std::string_view);

template <class At>
option text(std::string name, text_rule good, std::string allowed, std::string about, At at) {
  auto assign = [=](configuration& c, const texts& value) -> std::string {
    if (!good(single(value))) return allowed;
    at(c) = single(value);
    return {};
  };
  auto show = [=](const configuration& c) { return texts{at(c)}; };
  return {std::move(name), value_kind::text, "TEXT", std::move(about), false, assign, show};
}

template <class T, class At>
option choice(std::string name, std::vector<std::pair<std::string, T>> values, std::string about, At at) {
  std::string hint;
  for (const auto& each : values) hint += (hint.empty() ? "" : "|") + each.first;
  auto assign = [=](configuration& c, const texts& value) -> std::string {
    for (const auto& [word, meaning] : values)
      if (word == single(value)) {
        at(c) = meaning;
        return {};
      }
    return "must be one of " + hint;
  };
  auto show = [=](const configuration& c) {
    for (const auto& [word, meaning] : values)
      if (meaning == at(c)) return texts{word};
    return texts{"?"};
  };
  return {std::move(name), value_kind::text, hint, std::move(about), false, assign, show};
}

// -- rules for texts ---------------------------------------------------------

bool no_controls(std::string_view value) {
  return std::none_of(value.begin(), value.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

bool good_host(std::string_view value) {
  return !value.empty() && value.size() <= 255 && no_controls(value)
         && value.find(' ') == std::string_view::npos;
}

bool good_node_id(std::string_view value) {
  return value.size() <= 64 && std::all_of(value.begin(), value.end(), [](unsigned char c) {
           return (c < 0x80 && std::isalnum(c)) || c == '.' || c == '_' || c == '-';
         });
}

// What an Authorization header can carry; a line feed from a mounted secret is the usual accident.
bool good_token(std::string_view value) {
  return value.size() <= 512
         && std::all_of(value.begin(), value.end(), [](unsigned char c) { return c > 0x20 && c < 0x7F; });
}

bool good_prefix(std::string_view value) {
  return value.size() <= 128 && no_controls(value) && is_utf8(value)
         && value.find_first_of("{}") == std::string_view::npos;
}

bool good_channel(std::string_view value) {
  constexpr std::string_view prefix = "{prefix}";
  return value.size() <= 256 && no_controls(value) && is_utf8(value)
         && std::count(value.begin(), value.end(), '%') == 1 && value.find(prefix) == value.rfind(prefix);
}

bool good_file(std::string_view value) { return value.size() <= 4'096 && no_controls(value); }

// What a URL says is net's to judge (load_request::check_url).
std::string check_urls(const texts& urls) {
  constexpr size_t most = 16;
  if (urls.size() > most) return "must be at most " + std::to_string(most);
  constexpr std::array schemes{"redis://", "rediss://", "redis+sentinel://", "rediss+sentinel://"};
  const auto foreign = [&](const std::string& url) {
    const auto begins = [&](const char* scheme) { return url.starts_with(scheme); };
    return std::none_of(schemes.begin(), schemes.end(), begins);
  };
  if (urls.empty() || std::any_of(urls.begin(), urls.end(), foreign))
    return "must hold URLs, redis://[user[:password]@]host[:port][/db] (or rediss://, redis+sentinel://)";
  return {};
}

option namespaces() {
  auto assign = [](configuration& c, const texts& maps) {
    auto all = parse_namespaces(maps);
    if (!all) return all.failure();
    c.values.rooms.namespaces = std::move(*all);
    return std::string{};
  };
  auto show = [](const configuration& c) { return format_namespaces(c.values.rooms.namespaces); };
  auto about = "what is different for rooms by the beginning of their names";
  return {"rooms.namespaces", value_kind::maps, "LIST", about, false, assign, show};
}

// -- the keys ----------------------------------------------------------------

void add_server(std::vector<option>& all) {
  all.push_back(text(
      "server.host", good_host, "must be an address to listen on, such as :: or 127.0.0.1",
      "address to listen on; :: is IPv6 and IPv4", [](auto& c) -> auto& { return c.values.server.host; }));
  all.push_back(number(
      "server.port", 0, 65'535, "TCP port for WebSocket and HTTP; 0: any free one",
      [](auto& c) -> auto& { return c.values.server.port; }));
  all.push_back(number(
      "server.io-threads", 0, 64, "threads for sockets; 0: one per usable core",
      [](auto& c) -> auto& { return c.values.server.io_threads; }));
  all.push_back(choice<bus_kind>(
      "server.bus", {{"memory", bus_kind::memory}, {"redis", bus_kind::redis}},
      "memory: this node stands alone; redis: nodes meet there",
      [](auto& c) -> auto& { return c.values.server.bus; }));
  all.push_back(text(
      "server.node-id", good_node_id, "must be at most 64 of A-Z a-z 0-9 . _ -",
      "name of this node; empty: the host name", [](auto& c) -> auto& { return c.values.server.node_id; }));
  all.push_back(duration(
      "server.drain-time", 0s, 1h, "upper bound for closing connections at a stop",
      [](auto& c) -> auto& { return c.values.server.drain_time; }));
  all.push_back(text(
      "server.admin-token", good_token,
      "must be at most 512 visible ASCII characters, no blanks or line ends",
      "bearer token for stats from afar; empty: loopback only",
      [](auto& c) -> auto& { return c.values.server.admin_token; }));
  all.back().secret = true;
}

void add_redis(std::vector<option>& all) {
  auto assign = [](configuration& c, const texts& urls) {
    auto wrong = check_urls(urls);
    if (wrong.empty()) c.values.redis.urls = urls;
    return wrong;
  };
  auto show = [](const configuration& c) { return c.values.redis.urls; };
  all.push_back(
      {"redis.urls", value_kind::list, "URL,...",
       "redis://[user[:password]@]host[:port][/db]; rooms are spread over several", false, assign, show});
  all.push_back(text(
      "redis.prefix", good_prefix, "must be at most 128 bytes of UTF-8 without braces and control characters",
      "begins every key and channel", [](auto& c) -> auto& { return c.values.redis.prefix; }));
  all.push_back(text(
      "redis.channel", good_channel,
      "must hold % (the room) exactly once, {prefix} at most once, at most 256 bytes of UTF-8 without "
      "control "
      "characters",
      "channel of a room: % is the room's name", [](auto& c) -> auto& { return c.values.redis.channel; }));
  all.push_back(text(
      "redis.tls-ca", good_file, "must be a file name of at most 4096 bytes without control characters",
      "certificates to trust with rediss://, PEM; empty: the system's",
      [](auto& c) -> auto& { return c.values.redis.tls_ca; }));
  all.push_back(boolean(
      "redis.tls-verify", "whether a server of rediss:// must prove who it is",
      [](auto& c) -> auto& { return c.values.redis.tls_verify; }));
}

void add_limits(std::vector<option>& all) {
  all.push_back(number(
      "limits.max-message-bytes", 128, 1'000'000, "longest message of a client; over it: close 1009",
      [](auto& c) -> auto& { return c.values.limits.max_message_bytes; }));
  all.push_back(number(
      "limits.max-rooms-per-connection", 1, 10'000, "rooms one connection may be in",
      [](auto& c) -> auto& { return c.values.limits.max_rooms_per_connection; }));
  all.push_back(number(
      "limits.max-room-name-bytes", 1, 255, "longest room name",
      [](auto& c) -> auto& { return c.values.limits.max_room_name_bytes; }));
  all.push_back(number(
      "limits.max-queue-bytes", 128, 1'073'741'824, "output queue of one connection; over it: disconnected",
      [](auto& c) -> auto& { return c.values.limits.max_queue_bytes; }));
  all.push_back(number(
      "limits.json-depth", 1, 256, "deepest nesting of a message",
      [](auto& c) -> auto& { return c.values.limits.json_depth; }));
  all.push_back(number(
      "limits.max-connections", 0, 10'000'000,
      "connections of this node; 0: the open-file limit less a reserve",
      [](auto& c) -> auto& { return c.values.limits.max_connections; }));
  all.push_back(number(
      "limits.max-connections-per-address", 0, 10'000'000,
      "connections of one client address (IPv6: one /64); 0: no limit",
      [](auto& c) -> auto& { return c.values.limits.max_connections_per_address; }));
  all.push_back(number(
      "limits.connections-per-second", 0, 1'000'000,
      "WebSockets that may open; over it: HTTP 503; 0: no limit",
      [](auto& c) -> auto& { return c.values.limits.connections_per_second; }));
  all.push_back(number(
      "limits.messages-per-second", 0, 1'000'000,
      "requests of one connection; over it: rate_limited; 0: no limit",
      [](auto& c) -> auto& { return c.values.limits.messages_per_second; }));
  all.push_back(number(
      "limits.bytes-per-second", 0, 1'000'000'000,
      "frames received from one connection; over it: rate_limited; 0: no limit",
      [](auto& c) -> auto& { return c.values.limits.bytes_per_second; }));
  all.push_back(number(
      "limits.max-output-memory", 0, 1'099'511'627'776, "all output queues together; 0: no limit",
      [](auto& c) -> auto& { return c.values.limits.max_output_memory; }));
}

void add_rooms(std::vector<option>& all) {
  all.push_back(choice<publish_rule>(
      "rooms.publish", {{"anyone", publish_rule::anyone}, {"members", publish_rule::members}},
      "who may publish into a room", [](auto& c) -> auto& { return c.values.rooms.publish; }));
  all.push_back(duration(
      "rooms.linger", 0s, 1h, "an empty room keeps its subscription for so long",
      [](auto& c) -> auto& { return c.values.rooms.linger; }));
  all.push_back(choice<slow_policy>(
      "rooms.slow-consumer", slow_policy_words(), "what happens to events that wait for a slow client",
      [](auto& c) -> auto& { return c.values.rooms.slow_consumer; }));
  all.push_back(number(
      "rooms.history-size", 0, max_history_size, "messages kept per room for who comes back; 0: none",
      [](auto& c) -> auto& { return c.values.rooms.history_size; }));
  all.push_back(duration(
      "rooms.history-ttl", min_history_ttl, max_history_ttl, "after a room's last message its history goes",
      [](auto& c) -> auto& { return c.values.rooms.history_ttl; }));
  all.push_back(duration(
      "rooms.presence-grace", 0s, max_presence_grace, "a user who is back within it was never gone",
      [](auto& c) -> auto& { return c.values.rooms.presence_grace; }));
  all.push_back(namespaces());
}

void add_rest(std::vector<option>& all) {
  all.push_back(choice<log::level>(
      "log.level",
      {{"debug", log::level::debug},
       {"info", log::level::info},
       {"warning", log::level::warning},
       {"error", log::level::error},
       {"off", log::level::off}},
      "least severity that is written", [](auto& c) -> auto& { return c.values.log.level; }));
  all.push_back(choice<log::format>(
      "log.format", {{"text", log::format::text}, {"json", log::format::json}}, "one line per event, as",
      [](auto& c) -> auto& { return c.values.log.format; }));
  all.push_back(choice<std::string>(
      "scheduler.policy", {{"sharing", "sharing"}, {"stealing", "stealing"}},
      "how actor threads find work; sharing idles cheaper",
      [](auto& c) -> auto& { return c.scheduler.policy; }));
  all.push_back(number(
      "scheduler.max-threads", 1, 256, "threads for actors",
      [](auto& c) -> auto& { return c.scheduler.max_threads; }));
  all.push_back(number(
      "scheduler.max-throughput", 1, 1'000'000, "messages an actor handles in one turn",
      [](auto& c) -> auto& { return c.scheduler.max_throughput; }));
}

} // namespace

std::string option::variable() const {
  auto spelled = "ROOMCAST_" + name;
  for (auto& c : spelled)
    c = c == '.' || c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return spelled;
}

std::string option::printed(const texts& value) const {
  if (secret) return single(value).empty() ? "\"\"" : "***";
  auto bare = kind == value_kind::number || kind == value_kind::duration || kind == value_kind::boolean;
  if (bare && !single(value).empty()) return printable(single(value));
  if (kind != value_kind::list && kind != value_kind::maps) return quoted(single(value));
  constexpr size_t longest_map = 600; // a prefix of 255 bytes and the rest
  std::string joined;
  for (const auto& each : value)
    joined += (joined.empty() ? "" : ", ")
              + (kind == value_kind::maps ? printable(each, longest_map) : quoted(mask_url(each)));
  return '[' + joined + ']';
}

const std::vector<option>& options() {
  static const auto all = [] {
    std::vector<option> list;
    add_server(list);
    add_redis(list);
    add_limits(list);
    add_rooms(list);
    add_rest(list);
    return list;
  }();
  return all;
}

const option* find_option(std::string_view name) {
  for (const auto& each : options())
    if (each.name == name) return &each;
  return nullptr;
}

std::string wrong_value(const option& which, const texts& value, std::string_view allowed) {
  return which.name + " = " + which.printed(value) + ": " + std::string{allowed};
}

} // namespace roomcast::config
