#!lua flags=allow-oom
-- requires: clock, counters, fairness, flight, capacity, workers, silence, records
-- A live sentence has given no sound, or too little of it, for too long: another process speaks it under a higher attempt. The process that has it goes
-- on, with a slot less: it is heard if it gives sound before the other one begins (lua/job/open.lua). Nothing is blamed.
-- KEYS[1] pool prefix.  ARGV: now, job, seq, attempt, owner, epoch, silent ms
-- Returns 1 if it was handed over. 0: the attempt does not count any more, the sentence is not live, was handed over before, or may
-- have killed a process; no other process has slots; or too many were handed over lately. May run twice: the second time
-- it is 1 again, and changes nothing.
local t = clock()
local _, job, seq, attempt, owner, epoch, silent = unpack(ARGV)
local name = member(job, seq)
if handed_over_by(owner, name) == attempt then return 1 end
local state, user, class = fields(job_key(job), 'state', 'user', 'class')
if state ~= 'run' or class ~= 'L' then return 0 end
local s = sentence_get(job, seq)
if not s or s.attempt ~= tonumber(attempt) or s.state ~= 'R' or s.owner ~= owner then return 0 end
if s.suspect ~= 0 and s.suspect ~= DISPLACED then return 0 end
local current, credit = fields(M, 'epoch', 'handovers_left')
if (current or '0') ~= epoch or num(credit, 0) < 0.999 then return 0 end

local others = 0
for _, other in ipairs(C('ZRANGE', P .. ':wk', 0, -1)) do
  if other ~= owner then others = others + num(C('HGET', P .. ':w:' .. other, 'slots'), 0) end
end
if others == 0 then return 0 end

local w = P .. ':w:' .. owner
C('HINCRBYFLOAT', M, 'handovers_left', -1)
C('HSET', w, 'slots', int(math.max(0, num(C('HGET', w, 'slots'), 0) - 1)))
note_handover(owner, name, attempt, t, tonumber(silent))
count_slots()
count('handed_over')
event(job, t, 'lost', 'seq', seq, 'attempt', int(s.attempt), 'owner', owner, 'claimed', int(s.at), 'reason',
  string.format('too little sound in %.1f s; another process speaks it, too', tonumber(silent) / 1000))
take_out_of_flight(job, seq, s, user, class)
charge(user, class, -s.cost)
s.suspect = HANDED_OVER
requeue(job, seq, s, t, t)
C('HINCRBY', M, 'retries', 1)
index_job(job, t)
wake_dispatcher()
return 1
