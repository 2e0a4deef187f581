#!lua flags=allow-oom
-- requires: memory, ending, notices
-- Live jobs of a shard that were not looked at for a while: lost notifications, readers and recorders to follow. Of ended jobs
-- that were heard, the audio goes now, all but the entry that says how they ended.
-- KEYS[1] shard prefix.  ARGV: '', now, most, look again after ms, share of maxmemory that new jobs may fill
-- Returns their ids; each is due again after that time, to any caller.
local _, _, most, again, share = unpack(ARGV)
local REPORTS_KEPT = 60000     -- ms
local t = time_ms()

-- A time that is further away than any was set before the server's clock was set back: the audio is kept as long again, because
-- its reader may still be at it.
local latest = string.format('%.0f', t + OVER_KEPT)
for _, id in ipairs(C('ZRANGEBYSCORE', OVER, '(' .. latest, '+inf', 'LIMIT', 0, most)) do C('ZADD', OVER, latest, id) end
-- Those whose time has come; where memory is short those before it, too, the oldest first, until it is not.
local over = C('ZRANGE', OVER, 0, most - 1, 'WITHSCORES')
for i = 1, #over, 2 do
  if tonumber(over[i + 1]) > t and not memory_is_short(share) then break end
  C('XTRIM', K .. ':o:' .. over[i], 'MAXLEN', 1)
  C('ZREM', OVER, over[i])
end

C('ZREMRANGEBYSCORE', REPORTS, '-inf', string.format('(%.0f', t - REPORTS_KEPT))

local due = C('ZRANGEBYSCORE', LIVE, '-inf', string.format('%.0f', t), 'LIMIT', 0, most)
-- No check is ever more than a minute away: the server's clock was set back since.
for _, id in ipairs(C('ZRANGEBYSCORE', LIVE, string.format('(%.0f', t + 60000), '+inf', 'LIMIT', 0, most)) do due[#due + 1] = id end
for _, id in ipairs(due) do C('ZADD', LIVE, string.format('%.0f', t + again), id) end
if #due > 0 then C('PEXPIRE', LIVE, NTF_LIFE) end
return due
