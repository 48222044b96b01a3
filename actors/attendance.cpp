#include "actors/attendance.hpp"

namespace roomcast::actors {

bool attendance::enter(connection_id who, std::string user, std::string user_id) {
  const auto [place, is_new] = arrivals_.try_emplace(user_id, next_);
  if (is_new)
    users_.emplace(next_++, entry{std::move(user_id), std::move(user), 0});
  else
    users_.at(place->second).user = std::move(user);
  ++users_.at(place->second).connections;
  connections_.emplace(who, place->second);
  return is_new;
}

attendance::departure attendance::leave(connection_id who) {
  const auto connection = connections_.find(who);
  if (connection == connections_.end()) return {};
  const auto user = users_.find(connection->second);
  connections_.erase(connection);
  if (--user->second.connections > 0) return {true, false, user->second.user};
  departure gone{true, true, std::move(user->second.user)};
  arrivals_.erase(user->second.id);
  users_.erase(user);
  return gone;
}

bool attendance::refresh(connection_id who, std::string_view user_id, const std::string& user) {
  const auto connection = connections_.find(who);
  if (connection == connections_.end()) return false;
  auto& known = users_.at(connection->second);
  if (known.id != user_id) return false;
  known.user = user;
  return true;
}

std::vector<connection_id> attendance::everyone() const {
  std::vector<connection_id> out;
  out.reserve(connections_.size());
  for (const auto& [who, user] : connections_) out.push_back(who);
  return out;
}

wire::roster attendance::page(std::string_view after, size_t most) const {
  wire::roster out;
  out.count = connections();
  auto next = users_.begin();
  if (const auto known = arrivals_.find(std::string{after}); known != arrivals_.end())
    next = users_.upper_bound(known->second);
  for (; next != users_.end() && out.users.size() < most; ++next) out.users.push_back(next->second.user);
  out.more = next != users_.end();
  return out;
}

} // namespace roomcast::actors
