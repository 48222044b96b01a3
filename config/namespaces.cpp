#include "config/namespaces.hpp"

#include "config/config_text.hpp"
#include "config/parse_value.hpp"
#include "core/utf8.hpp"

#include <algorithm>
#include <string_view>

namespace roomcast::config {

namespace {

using std::chrono::milliseconds;

constexpr size_t max_namespaces = 1'000; // each join looks through them

// Each sets one key, or says what is allowed.

std::string set_prefix(std::string& into, const file_entry& entry, const std::string& value) {
  const auto control = [](unsigned char c) { return c < 0x20 || c == 0x7F; };
  if (entry.kind != value_kind::text || value.empty() || value.size() > 255 || !is_utf8(value)
      || std::any_of(value.begin(), value.end(), control))
    return "prefix must be a text of 1 to 255 bytes without control characters";
  into = value;
  return {};
}

std::string set_policy(std::optional<slow_policy>& into, const file_entry& entry, const std::string& value) {
  for (const auto& [word, policy] : slow_policy_words())
    if (entry.kind == value_kind::text && word == value) into = policy;
  return into ? "" : "slow-consumer must be one of disconnect|drop-oldest|latest-only";
}

std::string set_size(std::optional<uint32_t>& into, const file_entry& entry, const std::string& value) {
  const auto n = entry.kind == value_kind::number ? parse_number(value) : std::nullopt;
  if (!n || *n > max_history_size) return "history-size " + allowed_number(0, max_history_size);
  into = static_cast<uint32_t>(*n);
  return {};
}

std::string set_time(
    std::optional<milliseconds>& into, const file_entry& entry, const std::string& value,
    std::string_view key, milliseconds min, milliseconds max) {
  const auto span = entry.kind == value_kind::duration ? parse_duration(value) : std::nullopt;
  if (!span || *span < min || *span > max) return std::string{key} + ' ' + allowed_duration(min, max);
  into = *span;
  return {};
}

std::string set_key(namespace_settings& into, const file_entry& entry) {
  const auto key = entry.name.substr(entry.name.find('.') + 1);
  const auto value = entry.texts.empty() ? std::string{} : entry.texts.front();
  if (key == "prefix") return set_prefix(into.prefix, entry, value);
  if (key == "slow-consumer") return set_policy(into.slow_consumer, entry, value);
  if (key == "history-size") return set_size(into.history_size, entry, value);
  if (key == "history-ttl")
    return set_time(into.history_ttl, entry, value, key, min_history_ttl, max_history_ttl);
  if (key == "presence-grace")
    return set_time(into.presence_grace, entry, value, key, milliseconds{0}, max_presence_grace);
  return "unknown key " + key
         + "; known are prefix, slow-consumer, history-size, history-ttl and presence-grace";
}

std::string read_map(namespace_settings& into, const std::string& map) {
  const auto entries = map.starts_with('{') ? parse_config_text("map " + map, "map")
                                            : result<std::vector<file_entry>, std::string>{std::string{}};
  if (!entries && map.starts_with('{') && entries.failure().find("set twice") != std::string::npos)
    return "a key of a namespace is set twice";
  if (!entries || entries->empty() || entries->front().name != "map")
    return R"(must be a list such as [ { prefix = "chat:", slow-consumer = "drop-oldest" } ])";
  for (const auto& each : *entries)
    if (each.kind != value_kind::group)
      if (auto wrong = set_key(into, each); !wrong.empty()) return wrong;
  return into.prefix.empty() ? "each namespace needs a prefix" : "";
}

} // namespace

const std::vector<std::pair<std::string, slow_policy>>& slow_policy_words() {
  static const std::vector<std::pair<std::string, slow_policy>> words{
      {"disconnect", slow_policy::disconnect},
      {"drop-oldest", slow_policy::drop_oldest},
      {"latest-only", slow_policy::latest_only}};
  return words;
}

result<std::vector<namespace_settings>, std::string> parse_namespaces(const std::vector<std::string>& maps) {
  std::vector<namespace_settings> all;
  if (maps.size() > max_namespaces) return "must be at most " + std::to_string(max_namespaces);
  for (const auto& map : maps) {
    namespace_settings next;
    if (auto wrong = read_map(next, map); !wrong.empty()) return wrong;
    const auto same = [&](const namespace_settings& other) { return other.prefix == next.prefix; };
    if (std::any_of(all.begin(), all.end(), same)) return "prefix " + quoted(next.prefix) + " is there twice";
    all.push_back(std::move(next));
  }
  return all;
}

std::vector<std::string> format_namespaces(const std::vector<namespace_settings>& all) {
  std::vector<std::string> maps;
  for (const auto& each : all) {
    auto map = "{ prefix = " + quoted(each.prefix);
    for (const auto& [word, policy] : slow_policy_words())
      if (policy == each.slow_consumer) map += ", slow-consumer = " + quoted(word);
    if (each.history_size) map += ", history-size = " + std::to_string(*each.history_size);
    if (each.history_ttl) map += ", history-ttl = " + format_duration(*each.history_ttl);
    if (each.presence_grace) map += ", presence-grace = " + format_duration(*each.presence_grace);
    maps.push_back(map + " }");
  }
  return maps;
}

} // namespace roomcast::config
