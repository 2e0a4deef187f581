#!lua flags=allow-oom
-- The number of sentences is known: the job is done when they are emitted. May run twice.
-- KEYS[1] shard prefix.  ARGV: job, now, n, reason (shown in the end marker; '' for none)
if C('HGET', H, 'state') ~= 'run' then return 0 end
if num(C('HGET', H, 'n'), -1) >= 0 then return 0 end
C('HSET', H, 'n', ARGV[3], 'closing', ARGV[4])
notify()
return 1
