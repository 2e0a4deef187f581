#!lua flags=allow-oom
-- requires: notices
-- What became of a try to deliver a job's webhook.
-- KEYS[1] shard prefix.  ARGV: job, now, outcome (delivered, retry, dead), tries before this one, ms until the next try, error
-- Returns 1, or 0 where the webhook is delivered already, or was tried by another sender since: then nothing changes. May run twice.
local LIFE, MOST_DEAD = 604800000, 1000
local _, _, outcome, tries, wait, why = unpack(ARGV)
local record, due, dead, counts = K .. ':hook:' .. job, K .. ':hooks', K .. ':hooks:dead', K .. ':hooks:n'
local known = fields(record, 'tries')
if not known or (outcome ~= 'delivered' and known ~= tries) then return 0 end
if outcome == 'delivered' then
  C('DEL', record)
  C('ZREM', due, job)
  C('ZREM', dead, job)
  C('HINCRBY', counts, 'delivered', 1)
else
  local t = time_ms()
  C('HSET', record, 'tries', tries + 1, 'error', why)
  C('HINCRBY', counts, 'failed', 1)
  if outcome == 'retry' then C('ZADD', due, string.format('%.0f', t + wait), job)
  else
    C('ZREM', due, job)
    C('ZADD', dead, string.format('%.0f', t), job)
    C('ZREMRANGEBYSCORE', dead, '-inf', string.format('%.0f', t - LIFE))
    for _, id in ipairs(C('ZRANGE', dead, 0, -MOST_DEAD - 1)) do
      C('DEL', K .. ':hook:' .. id)
      C('ZREM', dead, id)
    end
    C('HINCRBY', counts, 'dead', 1)
    C('PEXPIRE', record, LIFE)
    C('PEXPIRE', dead, LIFE)
  end
end
C('PEXPIRE', counts, LIFE)
return 1
