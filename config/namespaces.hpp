#pragma once

#include "config/settings.hpp"
#include "core/error.hpp"
#include "core/slow_policy.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

/// `rooms.namespaces`, and the ranges that its keys share with those of `rooms`. Pure, any thread.
namespace roomcast::config {

constexpr uint32_t max_history_size = 100'000; // at 1 KB each a busy room is 100 MB of Redis
constexpr std::chrono::milliseconds min_history_ttl = std::chrono::seconds{1};
constexpr std::chrono::milliseconds max_history_ttl = std::chrono::hours{30 * 24}; // as long as a room's meta
constexpr std::chrono::milliseconds max_presence_grace = std::chrono::minutes{5};

/// The policies as people write them.
const std::vector<std::pair<std::string, slow_policy>>& slow_policy_words();

/// From the maps of a list, each written as in the file: `{ prefix = "chat:" }`; or what is allowed.
result<std::vector<namespace_settings>, std::string> parse_namespaces(const std::vector<std::string>& maps);

/// As parse_namespaces() takes them.
std::vector<std::string> format_namespaces(const std::vector<namespace_settings>& all);

} // namespace roomcast::config
