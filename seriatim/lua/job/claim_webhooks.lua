#!lua flags=allow-oom
-- requires: notices
-- Webhooks of a shard that are due, for one sender: no other has them before its lease is over.
-- KEYS[1] shard prefix.  ARGV: '', now, most, lease ms
-- Returns {job, {field, value, ...}, ...}. A sender that dies in between leaves them due again after the lease: at least once.
local LIFE = 604800000
local _, _, most, lease = unpack(ARGV)
local due, t, claimed = K .. ':hooks', time_ms(), {}
for _, id in ipairs(C('ZRANGEBYSCORE', due, '-inf', string.format('%.0f', t), 'LIMIT', 0, most)) do
  local record = C('HGETALL', K .. ':hook:' .. id)
  if #record == 0 then C('ZREM', due, id)
  else
    C('ZADD', due, string.format('%.0f', t + lease), id)
    claimed[#claimed + 1] = id
    claimed[#claimed + 1] = record
  end
end
C('ZREMRANGEBYSCORE', due .. ':dead', '-inf', string.format('%.0f', t - LIFE))
return claimed
