#!lua flags=allow-oom
-- An attempt came to nothing: another one after a back-off, or, after `max_failures`, the gap policy.
-- KEYS[1] pool prefix.  ARGV: now, job, seq, attempt, epoch, reason, blame (0/1), max failures, back-off ms, ended life ms
-- Max failures 0: the engine refused what the caller wants, so no other attempt follows and there is no dead letter. -1: it would
-- refuse every sentence of the job, which fails.
-- Without blame (the process is drained, a stuck neighbour ends it) it is not the sentence's fault and does not count.
-- Returns OK, STALE, GONE as finish does.
local OK, STALE, GONE = 0, 1, 2
local t = clock()
local job, seq, att, epoch, reason = ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6]
local h = C('HMGET', job_key(job), 'state', 'user', 'class')
if h[1] ~= 'run' then return GONE end
local s = sentence_get(job, seq)
if not s or s.att ~= att or (s.st ~= 'R' and s.st ~= 'D') or (C('HGET', M, 'epoch') or '0') ~= epoch then return STALE end
give_back(job, seq, s, h[2], h[3], ARGV[7] == '1', reason, t, tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10]))
wake()
return OK
