-- The record of a sentence that was dispatched at least once, and the life of the keys that belong to a job.
-- States: D dispatched, R running, Q waits for another attempt, X given up, to be filled.
-- `suspect`: 1 it may have killed a process, and runs alone; 2 (batch) it made way once; 3 (live) it was postponed; 4 (live) it was handed over once;
-- 5 (live) it was displaced once.
-- `at`: D: since when it could have been dispatched; R: since when it is spoken. `slot_at`: since when it takes a slot's time: from
-- its pick, or from the end of its slot's last sentence where it was picked before (records of older versions lack it). `spent`: slot
-- time of its attempts that were displaced, in ms; nil unless its engine can go on where it stopped (:resumes has those in flight).
local HANDED_OVER, DISPLACED = 4, 5

local function sentence_get(job, seq)
  local packed = C('HGET', P .. ':js:' .. job, seq)
  if not packed then return nil end
  local state, attempt, failures, cost, ms, position, at, slot_at, spent, suspect, owner =
    string.match(packed, '^(%a),(%d+),(%d+),([%d%.]+),(%d+),(%d+),(%d+)/?(%d*)/?(%d*),(%d),(.*)$')
  return {state = state, attempt = tonumber(attempt), failures = tonumber(failures), cost = tonumber(cost),
          ms = tonumber(ms), position = tonumber(position), at = tonumber(at),
          slot_at = tonumber(slot_at) or tonumber(at), spent = tonumber(spent), suspect = tonumber(suspect), owner = owner}
end

-- Where in its job a sentence goes on, in ms of audio: behind what was made of it before it was displaced.
local function resumes_at(s)
  if num(s.spent, 0) == 0 then return s.position end
  return s.position + math.min(s.ms, s.spent / num(C('HGET', M, 'rtf'), 1))
end

-- The pool's keys of a job outlast it by the pool's own life: it is the sweep that ends a job, in the pool's time. Were Redis
-- to expire them first (the whole system was down, the server's clock was set forward), counts would stay behind for ever.
local function keep_with_job(job, key, t)
  local expires = num(C('HGET', job_key(job), 'expires'))
  C('PEXPIRE', key, expires and math.max(0, expires - t) + POOL_LIFE or 60000)
end

local function sentence_put(job, seq, s, t)
  local key = P .. ':js:' .. job
  local spent = s.spent and '/' .. int(s.spent) or ''
  local new = C('HSET', key, seq, string.format('%s,%.0f,%d,%.3f,%.0f,%.0f,%.0f/%.0f%s,%d,%s',
    s.state, s.attempt, s.failures, s.cost, s.ms, s.position, s.at, s.slot_at, spent, s.suspect, s.owner))
  if new == 1 and C('HLEN', key) == 1 then keep_with_job(job, key, t) end
end

-- Keep the sentences ARGV[from..] of a job ("<ms>|<sentence>"), the first of which is `seq`. Hundreds by one command: a book comes in
-- few calls, and Lua's stack holds some thousand values.
local MANY = 500
local function put_texts(job, seq, from, t)
  local key = P .. ':jt:' .. job
  for start = from, #ARGV, MANY do
    local row = {}
    for i = start, math.min(start + MANY - 1, #ARGV) do row[#row + 1], row[#row + 2] = seq + i - from, ARGV[i] end
    C('HSET', key, unpack(row))
  end
  if from <= #ARGV then keep_with_job(job, key, t) end
end

-- Set a sentence back to waiting. `not_before` in ms.
local function requeue(job, seq, s, not_before, t)
  s.state, s.owner = 'Q', ''
  sentence_put(job, seq, s, t)
  local waiting = P .. ':jr:' .. job
  C('ZADD', waiting, int(not_before), seq)
  keep_with_job(job, waiting, t)
end

-- Where the last sentence of a job begins, if it is as long as the others: audio that is played when it is whole has no earlier
-- deadline, so that one file ends after the other, the short before the long, and each before listeners would wait for its end.
local function last_sentence_start(total, n) return tonumber(total) * (1 - 1 / math.max(1, tonumber(n))) end
