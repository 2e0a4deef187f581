#!lua flags=allow-oom
-- The recorder has stored everything up to an entry, safely: the stream need not hold it. Monotone; may run twice.
-- KEYS[1] shard prefix.  ARGV: job, now, id of the entry, bytes stored in all, end (0/1: the whole job is stored)
-- Returns the bytes stored in all.
local known = num(C('HGET', H, 'stored'), -1)
local bytes = tonumber(ARGV[4])
if C('EXISTS', H) == 0 then return -1 end
if bytes < known then return known end   -- a recorder that others overtook: what they have not stored must stay
C('HSET', H, 'stored', ARGV[4], 'stored_id', ARGV[3])
if ARGV[5] == '1' then
  C('HSET', H, 'stored_all', 1)
  if C('HGET', H, 'state') ~= 'run' then
    C('ZREM', LIVE, job)
    C('PEXPIRE', H, C('HGET', H, 'ended_life'))
    C('PEXPIRE', O, C('HGET', H, 'ended_life'))
  end
end
C('XTRIM', O, 'MINID', ARGV[3])
return bytes
