#!lua flags=allow-oom
-- Live jobs of a shard that nobody has looked at for a while: lost notifications, readers and recorders to follow.
-- KEYS[1] shard prefix.  ARGV: '', now, most, look again after ms
-- Returns their ids; each is due again after ARGV[4], whoever looks.
local t = time_ms()
local due = C('ZRANGEBYSCORE', LIVE, '-inf', string.format('%.0f', t), 'LIMIT', 0, ARGV[3])
for _, id in ipairs(due) do look_again(t + ARGV[4], id) end
return due
