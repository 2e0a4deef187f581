#!lua flags=allow-oom
-- requires: notices
-- Try a job's webhook again now, from the first try on. May run twice.
-- KEYS[1] shard prefix.  ARGV: job, now
-- Returns 1, or 0 if nothing is kept of it: it was delivered, or not asked for, or a week has passed.
local LIFE = 604800000
local record, due = K .. ':hook:' .. job, K .. ':hooks'
if C('EXISTS', record) == 0 then return 0 end
C('HSET', record, 'tries', 0)
C('ZREM', K .. ':hooks:dead', job)
C('ZADD', due, string.format('%.0f', time_ms()), job)
C('PEXPIRE', record, LIFE)
C('PEXPIRE', due, LIFE)
return 1
