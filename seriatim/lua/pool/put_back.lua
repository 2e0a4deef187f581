#!lua flags=allow-oom
-- requires: clock, fairness, capacity, records
-- A finished sentence is not whole in the job's slot: a replica was promoted there that lacked its end. It is spoken again, without blame.
-- KEYS[1] pool prefix.  ARGV: now, entry of :confirm (finish.lua)
-- Returns 1 if it waits for another attempt now, 0 if not: it was put back before, or its job was ended, or is gone.
local t = clock()
local entry = ARGV[2]
if C('ZREM', P .. ':confirm', entry) == 0 then return 0 end
local job, seq, ms, position, row = string.match(entry, '^([^|]*)|(%d+)|(%d+)|(%d+)|(.*)$')
local key = job_key(job)
local j = read(key, 'state', 'user', 'class', 'rate', 'passed', 'ends_by')
if (j.state ~= 'run' and j.state ~= 'spoken') or sentence_get(job, seq) then return 0 end

-- The job counted as spoken: what its end took back counts again (shared/lifecycle.lua: end_job).
local function reopen()
  C('HSET', key, 'state', 'run', 'expires', j.ends_by)
  C('HDEL', key, 'reason', 'ended')
  keep_with_job(job, key, t)
  keep_with_job(job, P .. ':tl:' .. job, t)
  C('ZREM', P .. ':rest', job)
  zadd(P .. ':act', t, job)
  C('HINCRBY', M, 'jobs', 1)
  C('HINCRBY', user_key(j.user), 'jobs', 1)
  keep(user_key(j.user))
  if j.class == 'L' and not j.passed then
    release_hold(job .. '|' .. j.rate)
    C('HINCRBYFLOAT', M, 'demand', j.rate)
  end
end

if j.state == 'spoken' then reopen() end
C('HSET', P .. ':jt:' .. job, seq, row)
keep_with_job(job, P .. ':jt:' .. job, t)
C('HINCRBY', key, 'live', 1)
C('HINCRBYFLOAT', key, 'done_ms', -ms)     -- `dispatched` and `total` have it, as they have one that is spoken again
C('HINCRBY', M, 'sentences', 1)
C('HINCRBYFLOAT', user_key(j.user), 'queued', ms)
C('HINCRBY', M, 'retries', 1)
requeue(job, seq, {attempt = 0, failures = 0, cost = 0, ms = tonumber(ms), position = tonumber(position), at = t, slot_at = t,
  suspect = 0}, t, t)
index_job(job, t)
wake_dispatcher()
return 1
