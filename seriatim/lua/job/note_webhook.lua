#!lua flags=allow-oom
-- requires: notices
-- A webhook about something that is no job, such as a book: noted for a sender like that of a job that ended. May run twice: while it
-- is kept, nothing changes; one that was delivered meanwhile comes again, with its id.
-- KEYS[1] shard prefix.  ARGV: id of the message, now, target (JSON), state, reason, kind, data of the message (JSON)
-- Returns 1, or 0 where it is noted already.
local LIFE = 604800000     -- ms: as in ending.lua
local _, _, target, state, reason, kind, data = unpack(ARGV)
local record, due = K .. ':hook:' .. job, K .. ':hooks'
if C('EXISTS', record) == 1 then return 0 end
local t = string.format('%.0f', time_ms())
C('HSET', record, 'target', target, 'state', state, 'reason', reason, 'bytes', 0, 'rate', 0, 'sentences', 0, 'gaps', 0,
  'ended', t, 'tries', 0, 'kind', kind, 'data', data)
C('PEXPIRE', record, LIFE)
C('ZADD', due, t, job)
C('PEXPIRE', due, LIFE)
return 1
