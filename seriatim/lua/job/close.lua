#!lua flags=allow-oom
-- requires: notices
-- The number of sentences is known: the job is done when they are emitted. May run twice.
-- KEYS[1] shard prefix.  ARGV: job, now, n, reason (shown in the end marker; '' for none)
local _, _, n, reason = unpack(ARGV)
local state, known = fields(H, 'state', 'n')
if state ~= 'run' or num(known, -1) >= 0 then return 0 end
C('HSET', H, 'n', n, 'closing', reason)
notify()
return 1
