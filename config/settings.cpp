#include "config/settings.hpp"

#include "config/option.hpp"

#include <algorithm>

namespace roomcast::config {

bool room_settings::any_history() const {
  const auto has_one = [](const namespace_settings& each) { return each.history_size.value_or(0) > 0; };
  return history_size > 0 || std::any_of(namespaces.begin(), namespaces.end(), has_one);
}

std::string settings::validate() const {
  configuration current{*this, {}, {}, {}};
  for (const auto& each : options()) {
    configuration scratch;
    auto value = each.show(current);
    if (auto wrong = each.assign(scratch, value); !wrong.empty()) return wrong_value(each, value, wrong);
  }
  if (limits.max_queue_bytes < limits.max_message_bytes)
    return "limits.max-queue-bytes = " + std::to_string(limits.max_queue_bytes)
           + ": must be at least limits.max-message-bytes, " + std::to_string(limits.max_message_bytes);
  if (limits.max_output_memory > 0 && limits.max_output_memory < limits.max_queue_bytes)
    return "limits.max-output-memory = " + std::to_string(limits.max_output_memory)
           + ": must be 0 or at least limits.max-queue-bytes, " + std::to_string(limits.max_queue_bytes);
  if (server.bus == bus_kind::redis && rooms.any_history() && !redis.headers())
    return wrong_value(
        *find_option("redis.channel"), {redis.channel},
        "must hold {prefix}, since rooms.history-size is not 0: messages without a position have no history");
  return {};
}

} // namespace roomcast::config
