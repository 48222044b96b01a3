#include "actors/room_rules.hpp"

#include <algorithm>

namespace roomcast::actors {

room_rules::room_rules(room_options others, std::vector<exception> exceptions) :
    all_(others), exceptions_(std::move(exceptions)) {
  std::sort(exceptions_.begin(), exceptions_.end(), [](const exception& a, const exception& b) {
    return a.prefix.size() > b.prefix.size();
  });
}

room_options room_rules::of(std::string_view room) const noexcept {
  const auto fits = [room](const exception& e) { return room.starts_with(e.prefix); };
  const auto found = std::find_if(exceptions_.begin(), exceptions_.end(), fits);
  return found == exceptions_.end() ? all_ : found->options;
}

bool room_rules::any_history() const noexcept {
  const auto has_one = [](const exception& e) { return e.options.history.size > 0; };
  return all_.history.size > 0 || std::any_of(exceptions_.begin(), exceptions_.end(), has_one);
}

} // namespace roomcast::actors
