#!lua flags=allow-oom
-- The consumer group of a shard's notifications, made by the first to come. Also where memory is full: it is reassemblers that
-- move on what fills it. May run twice. One step, so that no crash leaves the stream without a life.
-- KEYS[1] shard prefix.  ARGV: '', now
-- Returns 1, or 0 if the group is there already.
local made = redis.pcall('XGROUP', 'CREATE', NTF, 'reassembler', '0', 'MKSTREAM')
if made.err and not string.find(made.err, 'BUSYGROUP', 1, true) then return made end
C('PEXPIRE', NTF, NTF_LIFE)
return made.err and 0 or 1
