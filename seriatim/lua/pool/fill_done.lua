#!lua flags=allow-oom
-- The job's own slot has closed a given-up sentence as a gap; the pool counts it as over. May run twice.
-- KEYS[1] pool prefix.  ARGV: now, job, seq, to-do entry, ms of it in the ordered stream, ended life ms, epoch in which it was filled
-- ('': whichever is now). In another one nothing changes: the server may have lost what was filled.
local t = clock()
local job, seq = ARGV[2], ARGV[3]
if ARGV[7] ~= '' and (C('HGET', M, 'epoch') or '0') ~= ARGV[7] then return 0 end
C('ZREM', P .. ':todo', ARGV[4])
if C('HGET', job_key(job), 'state') ~= 'run' then return 0 end
local s = sentence_get(job, seq)
if not s or s.st ~= 'X' then return 0 end
settle(job, seq, s.ms, tonumber(ARGV[5]), t, tonumber(ARGV[6]))
index_job(job, t)
wake()
return 1
