#!lua flags=allow-oom
-- Cancel, fail or time out: nothing more is emitted, everybody is fenced out, the terminal entry follows what was heard. May run twice.
-- KEYS[1] shard prefix.  ARGV: job, now, state (cancelled, failed, timed_out), reason
-- Returns 1, or 0 if the job had ended, or is unknown.
local cur, off, at = cursor()
local h = C('HMGET', H, 'state', 'ended_life')
if h[1] ~= 'run' then return 0 end
drop_rest(cur)
for _, field in ipairs(C('HKEYS', H)) do
  if string.match(field, '^[arLxghdqe]%d+$') then C('HDEL', H, field) end
end
terminate(ARGV[3], ARGV[4], cur, at + off, cur, h[2])
if to_be_stored() then notify() end
if ARGV[3] == 'cancelled' then over_soon() end
return 1
