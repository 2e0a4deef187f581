-- runs: job/init, pool/submit_and_pick, job/life
-- A job's own slot is made, the pool accepts the job and picks what is due, or refuses it, and the slot's life follows, where one server
-- has job and pool.
-- KEYS[1] shard prefix, KEYS[2] pool prefix.  ARGV: how many arguments init takes, those, those of submit_and_pick
-- Returns what submit_and_pick returns. Everything picked must be published.
-- May run twice: the second time the job is there already.
local ACCEPTED, DUPLICATE = 0, 1
local n = tonumber(ARGV[1])
local making = {unpack(ARGV, 2, n + 1)}
local job, now = unpack(making)
init({KEYS[1]}, making)
local answer = submit_and_pick({KEYS[2]}, {unpack(ARGV, n + 2)})
local submitted = unpack(answer)
local verdict, _, accepted_job = unpack(submitted)
local accepted = verdict == ACCEPTED or (verdict == DUPLICATE and accepted_job == job)
life({KEYS[1]}, {job, now, accepted and '1' or '0'})
if accepted then redis.call('ZREM', KEYS[2] .. ':todo', 'life|' .. job) end     -- this was the step that it notes
return answer
