#include "actors/bridge_ring.hpp"

#include "core/stable_hash.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace roomcast::actors {

namespace {

// Enough that of 8 servers the fullest has about an eighth more rooms than the average.
constexpr size_t points_per_server = 160;

std::string hex(uint64_t number) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(number));
  return text.data();
}

} // namespace

bridge_ring::bridge_ring(std::vector<server> servers) {
  std::sort(servers.begin(), servers.end(), [](const server& a, const server& b) { return a.name < b.name; });
  for (const auto& each : servers) bridges_.push_back(each.bridge);
  if (servers.size() == 1) {
    fingerprint_ = servers.front().name.empty() ? "" : "single";
    return;
  }
  std::string names;
  for (size_t i = 0; i < servers.size(); ++i) {
    names += servers[i].name + '\n';
    for (size_t n = 0; n < points_per_server; ++n)
      points_.push_back({stable_hash(servers[i].name + '#' + std::to_string(n)), i});
  }
  std::sort(points_.begin(), points_.end(), [](const point& a, const point& b) {
    return a.at != b.at ? a.at < b.at : a.server < b.server;
  });
  fingerprint_ = hex(stable_hash(names));
}

const bridge_actor& bridge_ring::find(const room_name& room) const noexcept {
  const auto before = [](const point& p, uint64_t hash) { return p.at < hash; };
  const auto found = std::lower_bound(points_.begin(), points_.end(), stable_hash(room.view()), before);
  return bridges_[found == points_.end() ? points_.front().server : found->server];
}

} // namespace roomcast::actors
