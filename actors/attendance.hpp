#pragma once

#include "core/ids.hpp"
#include "wire/roster.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace roomcast::actors {

/// The users of one room: a user may be there with several connections, and goes with the last. What a bridge
/// without Redis knows. Only connections that joined with a user are known here. One thread.
class attendance {
public:
  /// A connection joins as `user` (raw JSON), told from others by `user_id`; returns whether the user is new
  /// here. A connection that is here already has to leave first.
  bool enter(connection_id who, std::string user, std::string user_id);

  /// What a departure means for the others.
  struct departure {
    bool known = false; ///< the connection had a user
    bool last = false;  ///< and it was the user's last connection
    std::string user;   ///< raw JSON, as the user was entered
  };
  departure leave(connection_id who);

  /// If the connection is here as the user of that id already: takes the new text, and returns true.
  bool refresh(connection_id who, std::string_view user_id, const std::string& user);

  /// All connections here, in no order.
  std::vector<connection_id> everyone() const;

  size_t connections() const noexcept { return connections_.size(); }
  size_t users() const noexcept { return users_.size(); }

  /// Users in order of arrival, at most `most`, behind the user `after` (empty, or unknown: from the
  /// beginning).
  wire::roster page(std::string_view after, size_t most) const;

private:
  using arrival = uint64_t;

  struct entry {
    std::string id;
    std::string user;
    size_t connections;
  };

  std::map<arrival, entry> users_;
  std::unordered_map<std::string, arrival> arrivals_; // by user id
  std::unordered_map<connection_id, arrival> connections_;
  arrival next_ = 0;
};

} // namespace roomcast::actors
