#pragma once

#include "net/redis_bus.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace roomcast::actors {

/// A Lua script that Redis knows by its digest.
struct lua_script {
  std::string text;
  std::string sha1; ///< lower-case hexadecimal; empty: always sent as text

  explicit lua_script(std::string source);
};

/// Whether Redis has forgotten the script that EVALSHA named; nothing has happened then.
inline bool is_unknown_script(const net::resp_value* reply) {
  return reply && reply->is_error() && reply->text().starts_with("NOSCRIPT");
}

/// One call of a script.
struct script_call {
  const lua_script* script; ///< outlives the call
  std::vector<std::string> keys;
  std::vector<std::string> arguments;
};

/// Runs scripts on a bus: EVALSHA, and EVAL where Redis has forgotten the script. Belongs to a bridge, one
/// thread.
class script_runner {
public:
  /// The reply, which may be an error; nullptr: nobody knows whether the script ran.
  using handler = std::function<void(const net::resp_value*)>;

  explicit script_runner(net::redis_bus& bus) noexcept : bus_(bus) {}

  /// `done` is called once, possibly at once.
  void run(script_call call, handler done);

  /// The bus' answer to a command: all commands of the bus are this runner's.
  void on_reply(uint64_t cookie, const net::resp_value* reply);

  /// Forgets all calls, and with them whatever their handlers hold.
  void release() { calls_.clear(); }

private:
  struct pending {
    script_call call;
    handler done;
    bool by_text;
  };

  void send(pending which);

  net::redis_bus& bus_;
  std::unordered_map<uint64_t, pending> calls_;
  uint64_t next_cookie_ = 0;
};

} // namespace roomcast::actors
