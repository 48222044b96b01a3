#include "actors/presence_scripts.hpp"

#include "core/limits.hpp"
#include "wire/dialect.hpp"

#include <algorithm>

namespace roomcast::actors::presence_scripts {
namespace {

constexpr std::chrono::milliseconds lease{limits::heartbeat_ttl};

// -- Lua ---------------------------------------------------------------------------

/// KEYS: 1 who, 2 usr, 3 ord. Answers {connections, whether there are more, user, user ...}.
const std::string page_function = R"(local function page(first, most)
  local ids = most > 0 and redis.call('ZRANGE', KEYS[3], first, first + most - 1) or {}
  local more = most > 0 and redis.call('ZCARD', KEYS[3]) > first + #ids
  local out = {redis.call('HLEN', KEYS[1]), more and 1 or 0}
  if #ids == 0 then return out end
  for _, value in ipairs(redis.call('HMGET', KEYS[2], unpack(ids))) do
    out[#out + 1] = value and string.match(value, '^%d+:(.*)$') or nil
  end
  return out
end
)";

/// KEYS: as above, 4 rooms of the node, 5 nodes. ARGV: 1 node, 2 room, 3 channel, 4 header before the
/// connection's number (or empty), 5 join notice up to the user, 6 exit notice up to the user, 7 its end for
/// those who are not named, 8 mode (`part`, `whole`, `reap`), 9 whether nobody is left, 10 how many users to
/// answer; then the steps: `e` connection id user, `d` connection end-of-notice, `k` connection.
const std::string change_function =
    R"(local who, usr, ord, node, mode = KEYS[1], KEYS[2], KEYS[3], ARGV[1], ARGV[8]
local function publish(text) redis.call('PUBLISH', ARGV[3], text) end
local function depart(field, rest)
  local id = redis.call('HGET', who, field)
  if not id then return end
  redis.call('HDEL', who, field)
  local n, user = string.match(redis.call('HGET', usr, id) or '', '^(%d+):(.*)$')
  if not n then return end
  if tonumber(n) > 1 then
    redis.call('HSET', usr, id, (tonumber(n) - 1) .. ':' .. user)
  else
    redis.call('HDEL', usr, id)
    redis.call('ZREM', ord, id)
    publish(ARGV[6] .. user .. rest)
  end
end
local function enter(connection, id, user)
  local field = node .. '.' .. connection
  local before = redis.call('HGET', who, field)
  local n = string.match(redis.call('HGET', usr, id) or '', '^%d+')
  if before == id and n then
    redis.call('HSET', usr, id, n .. ':' .. user)
    return
  end
  if before and before ~= id then depart(field, '}') end
  redis.call('HSET', who, field, id)
  redis.call('HSET', usr, id, ((n or 0) + 1) .. ':' .. user)
  if n then return end
  local newest = redis.call('ZREVRANGE', ord, 0, 0, 'WITHSCORES')[2]
  redis.call('ZADD', ord, (newest or 0) + 1, id)
  publish((ARGV[4] ~= '' and ARGV[4] .. connection .. '\n' or '') .. ARGV[5] .. user .. '}')
end
local function each_step(visit)
  local i = 11
  while ARGV[i] do
    visit(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3])
    i = i + (ARGV[i] == 'e' and 4 or ARGV[i] == 'd' and 3 or 2)
  end
end
if mode == 'reap' then
  if redis.call('ZSCORE', KEYS[5], node) ~= '0' then return {-1} end
else
  redis.call('ZADD', KEYS[5], 'NX', 0, node)
end
if mode ~= 'part' then
  local named, own = {}, node .. '.'
  each_step(function(step, connection) if step ~= 'd' then named[own .. connection] = true end end)
  for _, field in ipairs(redis.call('HKEYS', who)) do
    if string.sub(field, 1, #own) == own and not named[field] then depart(field, ARGV[7]) end
  end
end
each_step(function(step, connection, second, third)
  if step == 'e' then enter(connection, second, third) end
  if step == 'd' then depart(node .. '.' .. connection, second) end
end)
redis.call(ARGV[9] == '1' and 'SREM' or 'SADD', KEYS[4], ARGV[2])
return page(0, tonumber(ARGV[10]))
)";

/// KEYS: as for page. ARGV: 1 the user behind whom the page begins, 2 how many.
const std::string page_body = R"(local rank = redis.call('ZRANK', KEYS[3], ARGV[1])
return page(rank and rank + 1 or 0, tonumber(ARGV[2]))
)";

const std::string now_function = R"(local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
)";

/// KEYS: 1 figures of the node, 2 nodes. ARGV: 1 figures, 2 lease in ms, 3 node, 4 how many to name.
const std::string heartbeat_body = R"(local before = redis.call('ZSCORE', KEYS[2], ARGV[3])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('ZADD', KEYS[2], now, ARGV[3])
local out = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now - ARGV[2], 'LIMIT', 0, ARGV[4])
table.insert(out, 1, (not before or before == '0') and 1 or 0)
return out
)";

/// KEYS: 1 nodes, 2 rooms of the node, 3 its figures. ARGV: 1 node, 2 lease in ms, 3 how many rooms to name.
/// Score 0 marks a node that is being reaped: its next heartbeat tells it so. Its entry goes last.
const std::string condemn_body = R"(local beat = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not beat or tonumber(beat) > now - ARGV[2] then return {-1} end
redis.call('ZADD', KEYS[1], 0, ARGV[1])
local out = redis.call('SRANDMEMBER', KEYS[2], ARGV[3])
table.insert(out, 1, #out)
if out[1] == 0 then
  redis.call('DEL', KEYS[2], KEYS[3])
  redis.call('ZREM', KEYS[1], ARGV[1])
end
return out
)";

/// KEYS: 1 nodes. ARGV: 1 what stands before a node's name in the key of its figures.
const std::string cluster_body = R"(local out = {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local value = redis.call('GET', ARGV[1] .. id)
  if value then
    out[#out + 1] = value
    out[#out + 1] = redis.call('PTTL', ARGV[1] .. id)
  end
end
return out
)";

const lua_script change_script{page_function + change_function};
const lua_script page_script{page_function + page_body};
const lua_script heartbeat_script{now_function + heartbeat_body};
const lua_script condemn_script{now_function + condemn_body};
const lua_script cluster_script{cluster_body};

// -- keys and arguments ---------------------------------------------------------------

std::string room_key(const channel_naming& naming, const char* kind, std::string_view room) {
  return ((naming.prefix + kind) += room) += '}';
}

std::string node_key(const channel_naming& naming, std::string_view node) {
  return (naming.prefix + "node:") += node;
}

std::string rooms_key(const channel_naming& naming, std::string_view node) {
  return node_key(naming, node) += ":rooms";
}

std::string nodes_key(const channel_naming& naming) { return naming.prefix + "nodes"; }

std::vector<std::string> room_keys(const channel_naming& naming, std::string_view room) {
  return {room_key(naming, "who:{", room), room_key(naming, "usr:{", room), room_key(naming, "ord:{", room)};
}

constexpr std::string_view no_user = "{}";

/// A notice up to its user.
std::string before_user(std::string notice) {
  notice.resize(notice.rfind(no_user));
  return notice;
}

/// A notice behind its user.
std::string behind_user(const std::string& notice) {
  return notice.substr(notice.rfind(no_user) + no_user.size());
}

std::string exit_end(std::string_view reason) { return behind_user(wire::exit_notice("", no_user, reason)); }

/// A change without steps.
script_call change_of(
    const channel_naming& naming, std::string_view node, std::string_view header, std::string_view room,
    const char* mode, bool last, size_t most) {
  script_call call{&change_script, room_keys(naming, room), {}};
  call.keys.push_back(rooms_key(naming, node));
  call.keys.push_back(nodes_key(naming));
  call.arguments = {
      std::string{node},
      std::string{room},
      naming.channel_of(room),
      std::string{header},
      before_user(wire::join_notice(room, no_user)),
      before_user(wire::exit_notice(room, no_user, {})),
      exit_end(disconnect_reason),
      mode,
      last ? "1" : "0",
      std::to_string(most)};
  return call;
}

void add_step(std::vector<std::string>& words, const presence_op& op) {
  const auto connection = std::to_string(value(op.who));
  switch (op.step) {
  case presence_step::enter: words.insert(words.end(), {"e", connection, op.user_id, op.user}); break;
  case presence_step::depart: words.insert(words.end(), {"d", connection, exit_end(op.reason)}); break;
  case presence_step::keep: words.insert(words.end(), {"k", connection}); break;
  }
}

/// The text elements of a reply behind the first `skip`.
std::vector<std::string> texts(const net::resp_value& reply, size_t skip) {
  std::vector<std::string> out;
  for (const auto element : reply)
    if (skip > 0)
      --skip;
    else
      out.emplace_back(element.text());
  return out;
}

/// The number a reply begins with.
std::optional<int64_t> head(const net::resp_value* reply) {
  return reply && reply->size() > 0 ? (*reply)[0].integer() : std::nullopt;
}

} // namespace

// -- users of rooms -------------------------------------------------------------------

script_call change(const channel_naming& naming, const node_run& node, const change_presence& wanted) {
  const auto header = naming.headers ? "\x01x=" + node.boot + '.' : std::string{};
  auto call = change_of(
      naming, node.name(), header, wanted.room.view(), wanted.whole ? "whole" : "part", wanted.last,
      has_entry(wanted.ops) ? limits::max_listed_users : 0);
  for (const auto& op : wanted.ops) add_step(call.arguments, op);
  return call;
}

script_call page(const channel_naming& naming, std::string_view room, std::string_view after, size_t most) {
  return {&page_script, room_keys(naming, room), {std::string{after}, std::to_string(most)}};
}

std::optional<wire::roster> decode_roster(const net::resp_value* reply) {
  const auto count = head(reply);
  if (!count || *count < 0 || reply->size() < 2) return std::nullopt;
  wire::roster out;
  out.count = static_cast<uint64_t>(*count);
  out.more = (*reply)[1].integer() == 1;
  out.users = texts(*reply, 2);
  return out;
}

// -- nodes ------------------------------------------------------------------------------

script_call heartbeat(const channel_naming& naming, const node_run& node, std::string_view figures) {
  const auto name = node.name();
  return {
      &heartbeat_script,
      {node_key(naming, name), nodes_key(naming)},
      {std::string{figures}, std::to_string(lease.count()), name, std::to_string(limits::reap_nodes)}};
}

std::optional<beat> decode_beat(const net::resp_value* reply) {
  const auto first = head(reply);
  if (!first) return std::nullopt;
  return beat{*first == 1, texts(*reply, 1)};
}

script_call condemn(const channel_naming& naming, std::string_view node, bool at_once) {
  return {
      &condemn_script,
      {nodes_key(naming), rooms_key(naming, node), node_key(naming, node)},
      {std::string{node}, at_once ? "-1000" : std::to_string(lease.count()),
       std::to_string(limits::reap_portion)}};
}

std::optional<condemned> decode_condemned(const net::resp_value* reply) {
  const auto rooms = head(reply);
  if (!rooms) return std::nullopt;
  if (*rooms <= 0) return condemned{*rooms == 0 ? condemned::buried : condemned::alive, {}};
  return condemned{condemned::has_rooms, texts(*reply, 1)};
}

script_call reap(const channel_naming& naming, std::string_view node, std::string_view room) {
  return change_of(naming, node, {}, room, "reap", true, 0);
}

script_call cluster(const channel_naming& naming) {
  return {&cluster_script, {nodes_key(naming)}, {node_key(naming, "")}};
}

} // namespace roomcast::actors::presence_scripts
