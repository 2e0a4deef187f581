#!lua flags=allow-oom
-- Live jobs of a shard that nobody has looked at for a while: lost notifications, readers and recorders to follow.
-- KEYS[1] shard prefix.  ARGV: '', now, most, look again after ms
-- Returns their ids; each is due again after ARGV[4], whoever looks.
local t = time_ms()
local due = C('ZRANGEBYSCORE', LIVE, '-inf', string.format('%.0f', t), 'LIMIT', 0, ARGV[3])
-- Nobody asks to be looked at in more than a minute: the server's clock was set back since.
for _, id in ipairs(C('ZRANGEBYSCORE', LIVE, string.format('(%.0f', t + 60000), '+inf', 'LIMIT', 0, ARGV[3])) do due[#due + 1] = id end
for _, id in ipairs(due) do look_again(t + ARGV[4], id) end
return due
