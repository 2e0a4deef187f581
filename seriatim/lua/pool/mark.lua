-- requires: clock, counters, records, budget
-- An engine had doubts about an attempt and did something about it: that counts, and is kept beside the job and in
-- its timeline.
-- KEYS[1] pool prefix.  ARGV: now, job, seq, attempt, mark (a word: what was done)
-- A mark engine_NAME is of a route's engine other than the first: its characters are counted, since each engine has its price.
-- Returns 1 if it is new, else 0. May run twice; one step, so that what is counted is kept, up to MOST of one job.
local MOST = 1000
local t = clock()
local _, job, seq, attempt, mark = unpack(ARGV)
local key, field = P .. ':jm:' .. job, seq .. '|' .. attempt .. '|' .. mark
if C('HEXISTS', key, field) == 1 then return 0 end
C('HINCRBY', M, 'marked_' .. mark, 1)
keep(M)
local engine = string.match(mark, '^engine_(.+)$')
local record = engine and C('HGET', P .. ':jt:' .. job, seq)
if record then count('route_characters_' .. engine, count_characters(string.match(record, '^%d+|(.*)$'))) end
event(job, t, 'marked', 'seq', seq, 'attempt', attempt, 'mark', mark)
if C('HLEN', key) < MOST then
  C('HSET', key, field, 1)
  keep_with_job(job, key, t)
end
return 1
