#!lua flags=allow-oom
-- requires: clock, counters, lifecycle, governor, silence, fairness, flight, pool_load, records
-- A sentence is spoken and whole in the job's own slot. Needs the epoch and the attempt of its claim.
-- KEYS[1] pool prefix.  ARGV: now, job, seq, attempt, epoch, wall ms, audio ms, ended life ms, first ms (from the
-- claim to the first sound in the job's slot; '' if it was not measured), silence ms (the longest time in which the engine gave no
-- sound; '' if it was not measured), ahead ms (for which it waited in its process while the engine spoke others:
-- that takes no slot's time)
-- Returns OK, STALE (it went to another attempt, or Redis restarted since), GONE (the job ended).
-- May run twice: the second time it is STALE or GONE and changes nothing.
local TIMES = {50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 30000, 60000, 120000}    -- as seriatim/pool_metrics.py has them
local OK, STALE, GONE = 0, 1, 2
local SAME_SHARE = 0.05     -- of a live job's share, by which it may differ from what was measured
local FIRST_GUESS = 5000     -- ms of audio that the factor counts for with which the pool's first worker registered
local MOST_BETWEEN = 1000     -- ms of a slot's time beside the engine's that count for a sentence: what takes longer is an outage
local t = clock()
local _, job, seq, attempt, epoch, wall, audio, ended_life, first, silence, ahead = unpack(ARGV)
attempt, wall, audio, first, silence = tonumber(attempt), tonumber(wall), tonumber(audio), tonumber(first), tonumber(silence)
local key = job_key(job)
local j = read(key, 'state', 'user', 'class', 'rate', 'speed', 'passed')
local state, user, class = j.state, j.user, j.class
if state ~= 'run' then return GONE end
local s = sentence_get(job, seq)
local m = read(M, 'epoch', 'rtf', 'cost', 'theta', 'wall', 'audio', 'allowed', 'silence', 'silences', 'handovers_left',
  'slots', 'eta', 'reserve', 'scattered')
if not s or s.attempt ~= attempt or (s.state ~= 'R' and s.state ~= 'D') or (m.epoch or '0') ~= epoch then return STALE end
if s.owner ~= '' then
  local w = P .. ':w:' .. s.owner
  local spoken, busy, made = fields(w, 'spoken', 'busy_ms', 'audio_ms')
  if spoken then     -- else it is gone
    if wall > 0 then made = num(made, 0) + int(audio) end     -- at 0 it found the sentence whole
    C('HSET', w, 'spoken', spoken + 1, 'busy_ms', num(busy, 0) + int(wall), 'audio_ms', num(made, 0))
  end
  C('HINCRBY', key, 'by:' .. s.owner, 1)   -- for people: who spoke how many of it
end
if wall == 0 and first then C('HINCRBY', key, 'cached', 1) end     -- it had sound, and its engine spoke nothing
if wall > 0 then measure('synthesis', wall, TIMES) end
if wall > 0 and silence then note_silence(m, silence) end
if first then measure('engine_first', first, TIMES) end
if s.state == 'R' then     -- what is shown to people
  event(job, t, 'spoken', 'seq', seq, 'attempt', int(attempt), 'owner', s.owner, 'claimed', int(s.at), 'first',
    first and int(math.min(t, s.at + first)) or '', 'position', int(s.position), 'ms', int(audio))
end
take_out_of_flight(job, seq, s, user, class)
if wall > 0 then     -- else its server was not asked: that says nothing of what it allows
  note_outcome(job, false)
  if m.allowed then speed_up(t, attempt, tonumber(m.allowed)) end
end
-- What the sentence took of its slot: the engine's time, and the message, the claim and the report before and behind it. The next one
-- cannot begin sooner, so this is what admission and shares count with.
local took = wall
if wall > 0 and s.state == 'R' then took = wall + math.min(MOST_BETWEEN, math.max(0, t - s.slot_at - wall - num(ahead, 0))) end
charge(user, class, took - s.cost)
-- Demand is measured: the real-time factor and the cost of a sentence follow the last 30 or so; theta is one and a half
-- times the largest recent cost, from the first on (a cold engine's first sentence counts half after 70 others). An attempt that only found its sentence whole (wall 0) measures nothing. The factor is a
-- quotient of sums: as a mean of quotients, one "No." that took its engine's start cost would count as much as a page.
local rtf = tonumber(m.rtf)
took = took + num(s.spent, 0)     -- all that it took: the first part was charged when it was displaced
if wall > 0 and audio > 0 then
  local cost = num(m.cost, took)
  local audio_sum = num(m.audio, FIRST_GUESS)
  local wall_sum = num(m.wall, num(m.rtf, took / audio) * audio_sum)
  audio_sum, wall_sum = audio_sum * 29 / 30 + audio, wall_sum * 29 / 30 + took
  rtf = wall_sum / audio_sum
  C('HSET', M, 'wall', wall_sum, 'audio', audio_sum, 'rtf', rtf, 'cost', cost + (took - cost) / 30,
    'theta', math.max(num(m.theta, 0) * 0.99, 1.5 * took))
end

-- A live job needs its share as its engine speaks now, and not as it did when the job was accepted: with each of its sentences the
-- share follows what was measured meanwhile.
local function follow_speed(rtf)
  local room = live_room(usable_slots(m.slots, m.allowed), m.eta, m.reserve)
  local old, share = num(j.rate, 0), math.min(rtf * num(j.speed, 0), room)
  if class ~= 'L' or j.passed or share <= 0 or math.abs(share - old) <= old * SAME_SHARE then return end
  C('HSET', key, 'rate', share)
  C('HINCRBYFLOAT', M, 'demand', share - old)
end
if wall > 0 and audio > 0 then follow_speed(rtf) end
-- In a cluster the job's slot is at another master, of which a promoted replica may lack this sentence's end: kept until workers have seen
-- that the end is still there (put_back.lua, seriatim/lost_sentences.py).
local row = m.scattered and C('HGET', P .. ':jt:' .. job, seq)
if row then zadd(P .. ':confirm', t, table.concat({job, seq, int(audio), int(s.position), row}, '|')) end
complete_sentence(job, seq, s.ms, audio, t, tonumber(ended_life))
return OK
