#pragma once

#include <string>
#include <string_view>

/// The Lua side of redis_log. KEYS[1] is the room's meta hash (e: epoch, s: newest number, r: the run of
/// Redis that numbered last, b: the newest number when that run began), KEYS[2] its stream, whose ids are
/// `SEQ-0`. Numbers stay below 2^53, which Lua counts exactly.
namespace roomcast::actors::lua {

/// In front of the scripts that may begin a new epoch because Redis came back with old data. What this run of
/// Redis has taken since is in nobody's hands yet: it comes first in the new epoch. The first write is one
/// that full memory refuses: then nothing has happened.
inline constexpr std::string_view renumbering = R"(
local function run()
  local info = redis.pcall('INFO', 'server')
  local id = type(info) == 'string' and string.match(info, 'run_id:(%x+)')
  return id and string.sub(id, 1, 12) or false
end
local function renumber(fresh)
  local meta = redis.call('HMGET', KEYS[1], 'r', 'b')
  local kept, ttl = {}, redis.call('PTTL', KEYS[2])
  if meta[1] and meta[1] == run() then
    kept = redis.call('XRANGE', KEYS[2], string.format('%.0f', tonumber(meta[2]) + 1) .. '-0', '+')
  end
  redis.call('HSET', KEYS[1], 'e', fresh, 's', #kept, 'b', 0)
  redis.call('DEL', KEYS[2])
  for i, entry in ipairs(kept) do redis.call('XADD', KEYS[2], i .. '-0', 't', entry[2][2]) end
  if ttl > 0 then redis.call('PEXPIRE', KEYS[2], ttl) end
  return #kept
end
)";

/// KEYS[3]: the key of an idempotent publish, if there is one. ARGV: channel, text, history size, its time to
/// live, a fresh epoch, the meta hash's time to live, the key's; times in ms. Then perhaps: the epoch and the
/// number that the publisher's node knows of, '1' if Redis may run anew since the node's last publish, and a
/// ticket. Returns `EPOCH SEQ R TICKET`, R = 1: the key was known. Where Redis is below the number that is
/// known, a new epoch begins first. The stream is written first: if Redis refuses that, nothing has happened.
inline const std::string publish = std::string{renumbering} + R"(
local ticket = ARGV[11] and ' ' .. ARGV[11] or ''
if KEYS[3] then
  local known = redis.call('GET', KEYS[3])
  if known then return known .. ' 1' .. ticket end
end
local meta = redis.call('HMGET', KEYS[1], 'e', 's', 'r')
local epoch, seq = meta[1], tonumber(meta[2])
if not epoch or not seq then
  epoch, seq = ARGV[5], 0
  redis.call('DEL', KEYS[2])
end
if ARGV[10] == '1' then
  local this = run()
  if this and meta[3] ~= this then
    redis.call('HSET', KEYS[1], 'r', this, 'b', string.format('%.0f', seq))
  end
end
if ARGV[8] == epoch and seq < tonumber(ARGV[9]) then
  epoch, seq = ARGV[5], renumber(ARGV[5])
end
seq = string.format('%.0f', seq + 1)
redis.call('XADD', KEYS[2], 'MAXLEN', ARGV[3], seq .. '-0', 't', ARGV[2])
redis.call('HSET', KEYS[1], 'e', epoch, 's', seq)
redis.call('PEXPIRE', KEYS[2], ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[6])
local place = epoch .. ' ' .. seq
if KEYS[3] then redis.call('SET', KEYS[3], place, 'PX', ARGV[7]) end
redis.call('PUBLISH', ARGV[1], '\1e=' .. epoch .. ';s=' .. seq .. '\n' .. ARGV[2])
return place .. ' 0' .. ticket)";

/// For a room without history. KEYS[1]: the key of an idempotent publish. ARGV: channel, payload, the key's
/// time to live in ms. Returns 1, or 0: the key was known.
inline constexpr std::string_view publish_once = R"(
if not redis.call('SET', KEYS[1], '', 'NX', 'PX', ARGV[3]) then return 0 end
redis.call('PUBLISH', ARGV[1], ARGV[2])
return 1)";

/// ARGV: a fresh epoch, the meta hash's time to live; perhaps an epoch, a number, and the run of Redis in
/// which the room had it, or ''. Returns epoch, newest number and this run, or ''. The fresh epoch begins
/// where there is none, or where the room is in that epoch and below that number, or was when this run began:
/// then what it has taken since got numbers that others have.
inline const std::string place = std::string{renumbering} + R"(
local meta = redis.call('HMGET', KEYS[1], 'e', 's', 'r', 'b')
local this = run()
local behind = false
if ARGV[3] and meta[1] == ARGV[3] then
  local known = tonumber(ARGV[4])
  local is_other = this and ARGV[5] and ARGV[5] ~= '' and ARGV[5] ~= this
  behind = tonumber(meta[2] or 0) < known
    or (is_other and meta[3] == this and tonumber(meta[4]) < known)
end
if meta[1] and meta[2] and not behind then return {meta[1], meta[2], this or ''} end
local seq = '0'
if behind then
  seq = tostring(renumber(ARGV[1]))
else
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[1], 'e', ARGV[1], 's', '0')
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {ARGV[1], seq, this or ''})";

/// ARGV: a number, bytes of text at most, perhaps '1'. Returns epoch, newest number, '1' if there is more,
/// then id and text of each message behind that number, oldest first; at least one, if there is one. With the
/// last argument, if there is not more: behind them, newest first, the messages from that number on
/// downwards, as far as the bytes go and up to the first hole.
inline constexpr std::string_view entries = R"(
local meta = redis.call('HMGET', KEYS[1], 'e', 's')
local out = {meta[1] or '', meta[2] or '0', '0'}
local from, left = string.format('%.0f', tonumber(ARGV[1]) + 1) .. '-0', tonumber(ARGV[2])
local count = 10
while true do
  local part = redis.call('XRANGE', KEYS[2], from, '+', 'COUNT', count)
  for _, entry in ipairs(part) do
    local text = entry[2][2]
    if #out > 3 and left < #text then
      out[3] = '1'
      return out
    end
    left = left - #text
    out[#out + 1], out[#out + 2] = entry[1], text
  end
  if #part < count then break end
  from, count = '(' .. part[count][1], math.min(2 * count, 100)
end
if not ARGV[3] then return out end
local next = tonumber(ARGV[1])
count = 10
while next > 0 do
  local part = redis.call('XREVRANGE', KEYS[2], string.format('%.0f', next) .. '-0', '-', 'COUNT', count)
  for _, entry in ipairs(part) do
    local text = entry[2][2]
    if left < #text or entry[1] ~= string.format('%.0f', next) .. '-0' then return out end
    left, next = left - #text, next - 1
    out[#out + 1], out[#out + 2] = entry[1], text
  end
  if #part < count then return out end
  count = math.min(2 * count, 100)
end
return out)";

/// ARGV: a number or 0, messages at most, bytes of text at most. Returns as `entries` the newest messages
/// below that number (0: of all), newest first; '1': there are older ones.
inline constexpr std::string_view history = R"(
local meta = redis.call('HMGET', KEYS[1], 'e', 's')
local out = {meta[1] or '', meta[2] or '0', '0'}
local before, limit, left = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local from = '+'
if before > 0 then from = string.format('%.0f', before - 1) .. '-0' end
local step = 10
while true do
  local count = math.min(limit + 1, step)
  local part = redis.call('XREVRANGE', KEYS[2], from, '-', 'COUNT', count)
  for _, entry in ipairs(part) do
    local text = entry[2][2]
    if limit == 0 or (#out > 3 and left < #text) then
      out[3] = '1'
      return out
    end
    limit, left = limit - 1, left - #text
    out[#out + 1], out[#out + 2] = entry[1], text
  end
  if #part < count then return out end
  from, step = '(' .. part[count][1], math.min(2 * step, 100)
end)";

} // namespace roomcast::actors::lua
