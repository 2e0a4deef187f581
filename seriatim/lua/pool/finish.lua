#!lua flags=allow-oom
-- A sentence is spoken and whole in the job's own slot. Needs the epoch and the attempt of its claim.
-- KEYS[1] pool prefix.  ARGV: now, job, seq, attempt, epoch, wall ms, audio ms, ended life ms, first ms (from the
-- claim to the first sound in the job's slot; '' if nobody looked)
-- Returns OK, STALE (somebody else has it, or Redis restarted since), GONE (the job ended).
-- May run twice: the second time it is STALE or GONE and changes nothing.
local TIMES = {50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 30000, 60000, 120000}    -- as seriatim/pool_metrics.py has them
local OK, STALE, GONE = 0, 1, 2
local t = clock()
local job, seq, att, epoch = ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
local wall, audio, ended_life = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local h = C('HMGET', job_key(job), 'state', 'user', 'class')
if h[1] ~= 'run' then return GONE end
local s = sentence_get(job, seq)
local m = C('HMGET', M, 'epoch', 'rtf', 'cost', 'theta')
if not s or s.att ~= att or (s.st ~= 'R' and s.st ~= 'D') or (m[1] or '0') ~= epoch then return STALE end
local w = P .. ':w:' .. s.owner
if s.owner ~= '' and C('EXISTS', w) == 1 then
  C('HINCRBY', w, 'spoken', 1)
  C('HINCRBY', w, 'busy_ms', int(wall))
end
if wall > 0 then measure('synthesis', wall, TIMES) end
if ARGV[9] ~= '' then measure('engine_first', tonumber(ARGV[9]), TIMES) end
if s.owner ~= '' then C('HINCRBY', job_key(job), 'by:' .. s.owner, 1) end   -- for people: who spoke how many of it
if s.st == 'R' then     -- what is shown to people
  local first = ARGV[9] ~= '' and int(math.min(t, s.at + tonumber(ARGV[9]))) or ''
  event(job, t, 'spoken', 'seq', seq, 'attempt', int(att), 'owner', s.owner, 'claimed', int(s.at), 'first', first,
    'position', int(s.pos), 'ms', int(audio))
end
land(job, seq, s, h[2])
charge(h[2], h[3], wall - s.cost)
-- Demand is measured: the real-time factor and the cost of a sentence follow the last 30 or so; theta is one and a half
-- times the largest cost of late. An attempt that only found its sentence whole (wall 0) tells nothing. The factor is a
-- quotient of sums: as a mean of quotients, one "No." that took its engine's start cost would count as much as a page.
if wall > 0 and audio > 0 then
  local sums, cost = C('HMGET', M, 'wall', 'audio'), num(m[3], wall)
  local heard = num(sums[2], 29 * audio)
  local spent = num(sums[1], num(m[2], wall / audio) * heard)
  heard, spent = heard * 29 / 30 + audio, spent * 29 / 30 + wall
  C('HSET', M, 'wall', spent, 'audio', heard, 'rtf', spent / heard, 'cost', cost + (wall - cost) / 30,
    'theta', math.max(num(m[4], 0) * 0.999, 1.5 * wall))
end
settle(job, seq, s.ms, audio, t, ended_life)
index_job(job, t)
return OK
