#pragma once

#include <string_view>

/// The Lua side of redis_log. KEYS[1] is the room's meta hash (e: epoch, s: newest number), KEYS[2] its
/// stream, whose ids are `SEQ-0`. Numbers stay below 2^53, which Lua counts exactly.
namespace roomcast::actors::lua {

/// KEYS[3]: the key of an idempotent publish, if there is one. ARGV: channel, text, history size, its time to
/// live, a fresh epoch, the meta hash's time to live, the key's; times in ms. Returns `EPOCH SEQ R`, R = 1:
/// the key was known. The stream is written first: if Redis refuses that, nothing has happened.
inline constexpr std::string_view publish = R"(
if KEYS[3] then
  local known = redis.call('GET', KEYS[3])
  if known then return known .. ' 1' end
end
local meta = redis.call('HMGET', KEYS[1], 'e', 's')
local epoch, seq = meta[1], tonumber(meta[2])
if not epoch or not seq then
  epoch, seq = ARGV[5], 0
  redis.call('DEL', KEYS[2])
end
seq = string.format('%.0f', seq + 1)
redis.call('XADD', KEYS[2], 'MAXLEN', ARGV[3], seq .. '-0', 't', ARGV[2])
redis.call('HSET', KEYS[1], 'e', epoch, 's', seq)
redis.call('PEXPIRE', KEYS[2], ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[6])
local place = epoch .. ' ' .. seq
if KEYS[3] then redis.call('SET', KEYS[3], place, 'PX', ARGV[7]) end
redis.call('PUBLISH', ARGV[1], '\1e=' .. epoch .. ';s=' .. seq .. '\n' .. ARGV[2])
return place .. ' 0')";

/// ARGV: a fresh epoch, the meta hash's time to live; perhaps an epoch and a number. Returns epoch and newest
/// number. The fresh epoch begins where there is none, or where the room is in that epoch and below that
/// number.
inline constexpr std::string_view place = R"(
local meta = redis.call('HMGET', KEYS[1], 'e', 's')
local behind = ARGV[3] and meta[1] == ARGV[3] and tonumber(meta[2] or 0) < tonumber(ARGV[4])
if meta[1] and meta[2] and not behind then return meta end
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[1], 'e', ARGV[1], 's', '0')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {ARGV[1], '0'})";

/// ARGV: a number, bytes of text at most, perhaps '1'. Returns epoch, newest number, '1' if there is more,
/// then id and text of each message behind that number, oldest first; at least one, if there is one. With the
/// last argument, if there is not more: behind them, newest first, the messages from that number on
/// downwards, as far as the bytes go and up to the first hole.
inline constexpr std::string_view entries = R"(
local meta = redis.call('HMGET', KEYS[1], 'e', 's')
local out = {meta[1] or '', meta[2] or '0', '0'}
local from, left = string.format('%.0f', tonumber(ARGV[1]) + 1) .. '-0', tonumber(ARGV[2])
while true do
  local part = redis.call('XRANGE', KEYS[2], from, '+', 'COUNT', 100)
  for _, entry in ipairs(part) do
    local text = entry[2][2]
    if #out > 3 and left < #text then
      out[3] = '1'
      return out
    end
    left = left - #text
    out[#out + 1], out[#out + 2] = entry[1], text
  end
  if #part < 100 then break end
  from = '(' .. part[100][1]
end
if not ARGV[3] then return out end
local next = tonumber(ARGV[1])
while next > 0 do
  local part = redis.call('XREVRANGE', KEYS[2], string.format('%.0f', next) .. '-0', '-', 'COUNT', 100)
  for _, entry in ipairs(part) do
    local text = entry[2][2]
    if left < #text or entry[1] ~= string.format('%.0f', next) .. '-0' then return out end
    left, next = left - #text, next - 1
    out[#out + 1], out[#out + 2] = entry[1], text
  end
  if #part < 100 then return out end
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
while true do
  local part = redis.call('XREVRANGE', KEYS[2], from, '-', 'COUNT', 100)
  for _, entry in ipairs(part) do
    local text = entry[2][2]
    if limit == 0 or (#out > 3 and left < #text) then
      out[3] = '1'
      return out
    end
    limit, left = limit - 1, left - #text
    out[#out + 1], out[#out + 2] = entry[1], text
  end
  if #part < 100 then return out end
  from = '(' .. part[100][1]
end)";

} // namespace roomcast::actors::lua
