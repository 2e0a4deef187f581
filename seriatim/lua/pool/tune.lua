-- Change what may change while a job runs: its priority within its user, its user's weight until its next job brings its own.
-- Empty strings leave a value. What is to last longer is set for the user (tune_user.lua).
-- KEYS[1] pool prefix.  ARGV: now, job, priority, weight
-- Returns 1, or 0 if the job is over.
local t = clock()
local job = ARGV[2]
local h = C('HMGET', job_key(job), 'state', 'user')
if h[1] ~= 'run' then return 0 end
if ARGV[3] ~= '' then C('HSET', job_key(job), 'priority', ARGV[3]) end
if ARGV[4] ~= '' then C('HSET', user_key(h[2]), 'weight', ARGV[4]) end
index_job(job, t)
return 1
