-- requires: clock, counters, records, pool_load, lifecycle, budget, silence, capacity, fairness, flight
-- A worker takes a sentence that it got a message for. What comes a second time, or too late, is refused.
-- KEYS[1] pool prefix.  ARGV: now, job, seq, attempt, owner, heartbeat lease ms, idle ms (since the slot's last sentence ended; '' if
-- it is the slot's first, or follows in the same step)
-- Returns {verdict, epoch, spec, sentence, lead ms, estimated ms, state of a retry (failures), expected wall ms, ms since it was picked, expected silence ms (0: unknown, or not live), user, 1: a
-- listener waits}: CLAIMED, STALE (another attempt has it, or this one was claimed before, or another process empties itself for it; or it was
-- handed over from this very process), GONE (the job ended, or ends here: its user's budget is spent), WAIT (claim again soon: this process must first be empty, because a sentence that may have killed a process runs alone; or because such
-- a one runs here now), UNKNOWN (the owner is not registered).
local WAITS = {10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000}     -- as seriatim/pool_metrics.py has them
local SLACKS = {-10000, -5000, -2000, -1000, -500, -200, 0, 200, 500, 1000, 2000, 5000, 10000, 20000}
local CLAIMED, STALE, GONE, WAIT, UNKNOWN = 0, 1, 2, 3, 4
local ENDED_LIFE = 600000     -- ms for which the state of a job that ended so can be asked for
-- Of the lateness factor. A claim is late where its listener hears silence of more than LATE_BY ms; CALM is as good as 1.
local LATE_BY, LATE_STEP, CALM_STEP, LATE_MOST, CALM = 100, 0.02, 0.001, 1.5, 1.0005

-- A live sentence was claimed, late or in time: the lateness factor follows (`m`: the pool's record, which is kept in step).
local function note_lateness(m, late)
  local factor = lateness(m)
  if not late and factor < CALM then return end
  m.late, m.late_at = math.max(1, math.min(LATE_MOST, factor + (late and LATE_STEP or -CALM_STEP))), m.now
  C('HSET', M, 'late', m.late, 'late_at', m.now)
end

local t = clock()
local _, job, seq, attempt, owner, lease, idle = unpack(ARGV)
attempt, lease, idle = tonumber(attempt), tonumber(lease), tonumber(idle)
local j = read(job_key(job), 'state', 'spec', 't0', 'class', 'play', 'total', 'n', 'user')
if j.state ~= 'run' then return {GONE} end
local s = sentence_get(job, seq)
if not s or s.state ~= 'D' or s.attempt ~= attempt then return {STALE} end
local w, run, name = P .. ':w:' .. owner, P .. ':run:' .. owner, member(job, seq)
local since, alone = fields(w, 'since', 'alone')
if not since then return {UNKNOWN} end
local _, away
if s.suspect == HANDED_OVER then _, away = handed_over_by(owner, name) end
if away and t < away then     -- another process is to speak it
  take_out_of_flight(job, seq, s, j.user, j.class)
  charge(j.user, j.class, -s.cost)
  requeue(job, seq, s, t + ANOTHER_AFTER, t)
  index_job(job, t)
  wake_dispatcher()
  return {STALE}
end
if idle then s.slot_at = math.max(s.slot_at, t - idle) end
if s.owner ~= '' and s.owner ~= owner and C('HGET', P .. ':w:' .. s.owner, 'alone') == name then return {STALE} end
if s.owner ~= '' then C('HDEL', P .. ':w:' .. s.owner, WAITING .. name) end     -- it waits no more, or in another process
if s.suspect == 1 and not alone then C('HSET', w, 'alone', name); alone = name end
C('ZREM', P .. ':outbox', name .. '|' .. int(attempt))     -- the message has arrived; the lease sees to the rest
zadd(P .. ':lease', t + lease, name)
if (alone and alone ~= name) or (alone == name and C('HLEN', run) > 0) then
  s.owner = owner     -- taking it out of flight frees this process again, and with its process it comes back (shared/removal.lua)
  sentence_put(job, seq, s, t)
  C('HSET', w, WAITING .. name, 1)
  return {WAIT}
end
local sentence = string.match(C('HGET', P .. ':jt:' .. job, seq), '^%d+|(.*)$')
local characters, budget = count_characters(sentence), num(C('HGET', user_key(j.user), 'cap_chars'))
if budget and not spend_characters(j.user, budget, characters, t) then
  local why = string.format('sentence %s: BudgetSpent: the user has spent the %.0f characters of this day (UTC)', seq, budget)
  s.owner = owner
  sentence_put(job, seq, s, t)     -- a process that emptied itself for this sentence is free again as it is taken out of flight
  add_todo(t, 'end', job, 'failed', why)
  end_job(job, 'failed', why, t, ENDED_LIFE)
  return {GONE}
end
count('engine_requests')
count('engine_characters', characters)
local lead = num(j.t0, 0) + (j.play and last_sentence_start(j.total, j.n) or resumes_at(s)) - t
measure('wait_' .. j.class, t - s.at, WAITS)
local m = read(M, 'epoch', 'demand', 'slots', 'eta', 'reserve', 'allowed', 'silence', 'silences', 'theta', 'now', 'late', 'late_at',
  'continuity', 'rtf')
if j.class == 'L' and not j.play and s.suspect ~= 3 then
  measure('slack', lead, SLACKS)
  local by_fault = s.failures > 0 or (s.suspect ~= 0 and s.suspect ~= DISPLACED)
  if not by_fault then note_lateness(m, lead < -LATE_BY) end     -- it would not be late by the load
  if m.continuity == 'resumable' then
    s.spent = s.spent or 0
    -- How far it is ahead of its listener grows with time, for all at the same rate: the order of these scores is that of it.
    if s.suspect == 0 then zadd(P .. ':resumes', t + lead - t / num(m.rtf, 1), name) end
  end
end
if lead > 0 then lead = lead * chunk_share(m) end     -- under load smaller first pieces and chunks
local waited = int(t - s.at)
s.state, s.owner, s.at = 'R', owner, t
sentence_put(job, seq, s, t)
C('HSET', run, name, int(attempt))
keep(run)
C('HSET', w, 'until', int(t + lease))
if j.class == 'B' then
  if s.suspect == 0 then zadd(P .. ':yields', t, name) else C('ZREM', P .. ':yields', name) end     -- it made way once
end
return {CLAIMED, m.epoch or '0', j.spec, sentence, int(lead), int(s.ms), s.failures, int(s.cost), waited,
  j.class == 'L' and int(expected_silence(m, s.cost)) or '0', j.user,
  j.class == 'L' and not j.play and 1 or 0}
