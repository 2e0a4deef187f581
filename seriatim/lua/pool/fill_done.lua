#!lua flags=allow-oom
-- requires: clock, lifecycle, capacity, records
-- The job's own slot has closed a given-up sentence as a gap; the pool counts it as over. May run twice.
-- KEYS[1] pool prefix.  ARGV: now, job, seq, to-do entry, ms of it in the ordered stream, ended life ms, epoch in which it was filled
-- ('': the present one). In another one nothing changes: the server may have lost what was filled.
local t = clock()
local _, job, seq, entry, made_ms, ended_life, epoch = unpack(ARGV)
if epoch ~= '' and (C('HGET', M, 'epoch') or '0') ~= epoch then return 0 end
C('ZREM', P .. ':todo', entry)
if C('HGET', job_key(job), 'state') ~= 'run' then return 0 end
local s = sentence_get(job, seq)
if not s or s.state ~= 'X' then return 0 end
complete_sentence(job, seq, s.ms, tonumber(made_ms), t, tonumber(ended_life))
wake_dispatcher()
return 1
