#!lua flags=allow-oom
-- requires: cursor, ending, notices
-- Cancel, fail or time out: nothing more is emitted, every attempt is fenced out, the terminal entry follows what was heard. May run twice.
-- KEYS[1] shard prefix.  ARGV: job, now, state (cancelled, failed, timed_out), reason
-- Returns 1, or 0 if the job had ended, or is unknown.
local _, _, new_state, reason = unpack(ARGV)
local cur, off, at = cursor()
local state, ended_life = fields(H, 'state', 'ended_life')
if state ~= 'run' then return 0 end
drop_received(cur)
for _, field in ipairs(C('HKEYS', H)) do
  if string.match(field, '^[arLxghdqef]%d+$') then C('HDEL', H, field) end
end
terminate(new_state, reason, cur, at + off, cur, ended_life)
if awaits_storage() then notify() end
if new_state == 'cancelled' then schedule_trim() end
return 1
