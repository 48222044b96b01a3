#pragma once

#include "actors/channel_naming.hpp"
#include "actors/interfaces.hpp"
#include "actors/script_runner.hpp"
#include "net/resp.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The Lua scripts of presence and heartbeats: their calls, and what their replies mean. The keys are in
/// docs/presence.md. Plain functions of their arguments; no I/O.
namespace roomcast::actors::presence_scripts {

/// One run of a node, as Redis knows it: `ID.BOOT`.
struct node_run {
  std::string id;
  boot_id boot;

  std::string name() const { return id + '.' + boot; }
};

// -- users of rooms ---------------------------------------------------------------

/// Carries out `wanted` for the node's users and publishes the notices. Answered by decode_roster().
script_call change(const channel_naming& naming, const node_run& node, const change_presence& wanted);

/// One page of a room's users. Answered by decode_roster().
script_call page(const channel_naming& naming, std::string_view room, std::string_view after, size_t most);

/// Nothing for an error, or for something else than a page.
std::optional<wire::roster> decode_roster(const net::resp_value* reply);

// -- nodes --------------------------------------------------------------------------

/// Says that the node lives. Answered by decode_beat().
script_call heartbeat(const channel_naming& naming, const node_run& node, std::string_view figures);

struct beat {
  bool was_new = false;            ///< Redis did not list the node, or somebody had begun to reap it
  std::vector<std::string> silent; ///< nodes whose lease is over
};
std::optional<beat> decode_beat(const net::resp_value* reply);

/// Condemns a node (`ID.BOOT`) whose lease is over, and names some of the rooms where it has users; buries it
/// when there are none. With `at_once` the lease does not matter. Answered by decode_condemned().
script_call condemn(const channel_naming& naming, std::string_view node, bool at_once);

struct condemned {
  enum { alive, buried, has_rooms } state = alive; ///< alive: or somebody else has buried it
  std::vector<std::string> rooms;
};
std::optional<condemned> decode_condemned(const net::resp_value* reply);

/// Removes a condemned node's users from a room, and publishes the notices. decode_roster() answers nothing
/// when the node has come back.
script_call reap(const channel_naming& naming, std::string_view node, std::string_view room);

/// All nodes with a live heartbeat: figures, remaining milliseconds, figures, ...
script_call cluster(const channel_naming& naming);

} // namespace roomcast::actors::presence_scripts
