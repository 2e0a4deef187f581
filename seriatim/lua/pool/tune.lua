-- requires: clock, fairness
-- Change what may change while a job runs: its priority within its user, its user's weight until its next job brings its own.
-- Empty strings leave a value. What is to last longer is set for the user (tune_user.lua).
-- KEYS[1] pool prefix.  ARGV: now, job, priority, weight
-- Returns 1, or 0 if the job is over.
local t = clock()
local _, job, priority, weight = unpack(ARGV)
local state, user = fields(job_key(job), 'state', 'user')
if state ~= 'run' then return 0 end
if priority ~= '' then C('HSET', job_key(job), 'priority', priority) end
if weight ~= '' then C('HSET', user_key(user), 'weight', weight) end
index_job(job, t)
return 1
