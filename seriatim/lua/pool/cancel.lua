#!lua flags=allow-oom
-- requires: clock, lifecycle, capacity
-- End a job from outside. O(sentences in flight). The job's own slot follows through the to-do.
-- KEYS[1] pool prefix.  ARGV: now, job, state (cancelled or failed), reason, ended life ms
-- Returns {1, to-do entry}, or {0} if the pool's part was over already.
local t = clock()
local _, job, state, reason, ended_life = unpack(ARGV)
local user, class, rate = fields(job_key(job), 'user', 'class', 'rate')
local ended = end_job(job, state, reason, t, tonumber(ended_life))
local silenced = not ended and class == 'L' and release_hold(job .. '|' .. rate)     -- spoken to the end, and not heard to the end
-- Barge-in: a caller that cancels comes back with something else to say, and finds its room kept (see submit.lua).
if (ended or silenced) and class == 'L' and C('ZCARD', P .. ':line') > 0 then
  zadd(P .. ':line', t, 'b' .. C('HINCRBY', M, 'places', 1) .. '|' .. user)
end
if not ended then return {0} end
local entry = table.concat({'end', job, state, reason}, '|')
zadd(P .. ':todo', t, entry)
return {1, entry}
