#!lua flags=allow-oom
-- End a job from outside. O(sentences in flight). The job's own slot follows through the to-do.
-- KEYS[1] pool prefix.  ARGV: now, job, state (cancelled or failed), reason, ended life ms
-- Returns {1, to-do entry}, or {0} if the pool's part was over already.
local t = clock()
local job, state, reason = ARGV[2], ARGV[3], ARGV[4]
local h = C('HMGET', job_key(job), 'user', 'class', 'rate')
local ended = end_job(job, state, reason, t, tonumber(ARGV[5]))
local silenced = not ended and h[2] == 'L' and let_go(job .. '|' .. h[3])     -- spoken to the end, and not heard to the end
-- Barge-in: whoever cancels comes back with something else to say, and finds its room kept (see submit.lua).
if (ended or silenced) and h[2] == 'L' and C('ZCARD', P .. ':line') > 0 then
  zadd(P .. ':line', t, 'b' .. C('HINCRBY', M, 'places', 1) .. '|' .. h[1])
end
if not ended then return {0} end
local entry = table.concat({'end', job, state, reason}, '|')
zadd(P .. ':todo', t, entry)
return {1, entry}
