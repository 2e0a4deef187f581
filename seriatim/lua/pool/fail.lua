#!lua flags=allow-oom
-- requires: clock, failures, governor, capacity, records
-- An attempt came to nothing: another one after a back-off, or, after `max_failures`, the gap policy.
-- KEYS[1] pool prefix.  ARGV: now, job, seq, attempt, epoch, reason, blame (0/1), max failures, back-off ms, ended life ms
-- Max failures 0: the engine refused what the caller wants, so no other attempt follows and there is no dead letter. -1: it would
-- refuse every sentence of the job, which fails.
-- Without blame (the process is drained, a stuck neighbour ends it) it is not the sentence's fault and does not count.
-- Where more than 30 % of the latest attempts of several jobs fail, the governor halves what is spoken at once, and blames none until
-- sentences are spoken one after another.
-- Returns OK, STALE, GONE as finish does.
local OK, STALE, GONE = 0, 1, 2
local t = clock()
local _, job, seq, attempt, epoch, reason, blame, max_failures, backoff, ended_life = unpack(ARGV)
local state, user, class = fields(job_key(job), 'state', 'user', 'class')
if state ~= 'run' then return GONE end
local s = sentence_get(job, seq)
if not s or s.attempt ~= tonumber(attempt) or (s.state ~= 'R' and s.state ~= 'D') then return STALE end
if (C('HGET', M, 'epoch') or '0') ~= epoch then return STALE end
local retry = retry_policy(max_failures, backoff, ended_life)
blame = blame == '1'
if blame and retry.max_failures > 0 and not blame_after_failure(job) then blame, retry.wait = false, retry.backoff end
fail_attempt(job, seq, s, user, class, blame, reason, t, retry)
wake_dispatcher()
return OK
