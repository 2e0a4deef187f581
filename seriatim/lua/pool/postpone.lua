#!lua flags=allow-oom
-- requires: clock, counters, fairness, flight, capacity, governor, records
-- An engine is busy: the sentence of its attempt waits for another one, and the governor lowers what the pool may speak at once. Nothing is blamed, no failure counts, and no back-off grows:
-- the job's own timeout is the only end.
-- KEYS[1] pool prefix.  ARGV: now, job, seq, attempt, epoch, retry after ms (with the worker's jitter), scope
-- Returns OK, STALE, GONE as finish does.
local OK, STALE, GONE = 0, 1, 2
local t = clock()
local _, job, seq, attempt, epoch, retry_after, scope = unpack(ARGV)
local state, user, class = fields(job_key(job), 'state', 'user', 'class')
if state ~= 'run' then return GONE end
local s = sentence_get(job, seq)
if not s or s.attempt ~= tonumber(attempt) or (s.state ~= 'R' and s.state ~= 'D') then return STALE end
if (C('HGET', M, 'epoch') or '0') ~= epoch then return STALE end
count('postponed_' .. scope)
event(job, t, 'lost', 'seq', seq, 'attempt', int(s.attempt), 'owner', s.owner, 'claimed', int(s.at), 'reason',
  'postponed: the engine is busy (' .. scope .. ')')
take_out_of_flight(job, seq, s, user, class)
charge(user, class, -s.cost)
if class == 'L' and s.suspect == 0 then s.suspect = 3 end     -- its next claim is late by the server's limit: no slack is counted
requeue(job, seq, s, t + tonumber(retry_after), t)
index_job(job, t)
slow_down(t, s.attempt, scope, tonumber(retry_after))
wake_dispatcher()
return OK
