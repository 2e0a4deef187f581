-- requires: capacity
-- The governor: how many sentences all workers of the pool speak at once where the engine's server limits it (decision 30).
-- :lim has `level` (learned from refusals; none: there was none), `ceiling` (an operator's) and `reported` (the server's, with
-- `reported_at`); the least of them is M's `allowed`, which pick reads with all else. M's `paused`: until when nothing is picked.
--
-- A refusal halves the level, once a retry-after, and only if its attempt was picked after the level was lowered last: earlier
-- ones say nothing about the new level. A server that counts open requests says more: those that are in flight beside the refused one
-- are all that it accepts. Calm at the limit raises the level by one: after `pace` sentences, then, once a sentence that was picked
-- after the raise is spoken, with each one (`climbing`), but no more than AHEAD above what is `proved` so; below a limit that the server
-- reports, with each one. A raise that is refused is taken back, and the next one comes later (`pace` doubles): at a steady limit one
-- request in MOST_PACE is refused.
local LIM = P .. ':lim'
local FIRST_PACE, MOST_PACE = 10, 40     -- sentences before a raise
local AHEAD = 2                          -- of what is proved: sentences that end together must not raise it by as many
local REPORT_LIFE = 600000               -- ms for which a reported limit counts
local NO_LIMIT = 1e9
local TRIED = P .. ':tried'
local FEW_ATTEMPTS, FEW_JOBS, FAILED_SHARE = 8, 3, 0.3

-- Bring M's `allowed` in line with :lim.
local function enforce_limits()
  local level, ceiling, reported = fields(LIM, 'level', 'ceiling', 'reported')
  local allowed = math.min(num(level, NO_LIMIT), num(ceiling, NO_LIMIT), num(reported, NO_LIMIT))
  if allowed < NO_LIMIT then C('HSET', M, 'allowed', int(allowed)) else C('HDEL', M, 'allowed') end
  if C('EXISTS', LIM) == 1 then keep(LIM) end
end

-- No more than `left` requests until `reset`; M's `metered` is until when pick counts them down (:lim, `left`).
local function limit_requests(t, left, reset)
  local known = num(C('HGET', M, 'metered'), 0) > t and num(C('HGET', LIM, 'left'))
  C('HSET', LIM, 'left', int(known and math.min(known, left) or left))
  C('HSET', M, 'metered', int(reset))
  keep(LIM)
end

-- As many as may be in flight now.
local function current_level()
  local slots, slack, cost, allowed = fields(M, 'slots', 'slack', 'cost', 'allowed')
  local places = all_places(slots, slack, cost)
  return math.min(num(allowed, places), places)
end

local function lower_level(level, pace)
  C('HSET', LIM, 'level', int(math.max(1, level)), 'raised', 0, 'pace', int(pace), 'climbing', 0, 'calm', 0, 'proved', 0,
    'since', C('HGET', M, 'fence') or 0)
  enforce_limits()
end

-- Halve the level for an attempt that was picked after it was lowered last, at most once in `quiet` ms.
local function halve_level(t, attempt, quiet, most)
  local since, until_quiet = fields(LIM, 'since', 'quiet')
  local level = current_level()
  if attempt > num(since, 0) and t >= num(until_quiet, 0) then
    level = math.floor(level / 2)
    C('HSET', LIM, 'quiet', int(t + quiet))
  elseif level <= most then return end
  lower_level(math.min(level, most), 1)
end

-- The server refused the request of an attempt, which is out of flight.
local function slow_down(t, attempt, scope, retry_after)
  local others = num(C('HGET', M, 'infl'), 0)
  local raised, since, pace, climbing = fields(LIM, 'raised', 'since', 'pace', 'climbing')
  if scope ~= 'concurrency' then halve_level(t, attempt, retry_after, NO_LIMIT)
  elseif num(raised, 0) > 0 and attempt > num(since, 0) then     -- the room that the raise tried is not there
    pace = climbing == '1' and FIRST_PACE or math.max(FIRST_PACE, math.min(MOST_PACE, 2 * num(pace, 1)))
    lower_level(math.min(current_level() - 1, math.max(1, others)), pace)
  else halve_level(t, attempt, retry_after, math.max(1, others)) end
  if scope ~= 'concurrency' or others == 0 then
    C('HSET', M, 'paused', int(math.max(num(C('HGET', M, 'paused'), 0), t + retry_after)))
  end
end

-- Keep the outcomes of the latest attempts, newest first, from the first failure on: "job|1" failed, "job|0" was spoken.
local function note_outcome(job, failed)
  if failed then
    C('LPUSH', TRIED, job .. '|1')
    C('PEXPIRE', TRIED, REPORT_LIFE)
  elseif C('LPUSHX', TRIED, job .. '|0') == 0 then return end
  C('LTRIM', TRIED, 0, 8 * FEW_ATTEMPTS - 1)
  if C('HINCRBY', LIM, 'tried', 1) == 1 then keep(LIM) end
end

-- Do more than FAILED_SHARE of the latest attempts fail, of enough attempts and jobs that it is not the fault of one text?
local function too_many_fail()
  local tried, failed, seen, jobs = C('LRANGE', TRIED, 0, -1), 0, {}, 0
  local latest = math.min(#tried, 2 * FEW_ATTEMPTS)     -- jobs are those of more: the same few sentences are tried again and again
  for i, one in ipairs(tried) do
    local job, outcome = string.match(one, '^(.*)|(%d)$')
    if i <= latest then failed = failed + outcome end
    if not seen[job] then seen[job], jobs = true, jobs + 1 end
  end
  return latest >= FEW_ATTEMPTS and jobs >= FEW_JOBS and failed > FAILED_SHARE * latest
end

-- An attempt failed. Where too many do, the engine may be overloaded: no sentence is blamed before they are spoken one after another.
-- Returns whether this one may be blamed.
local function blame_after_failure(job)
  note_outcome(job, true)
  local level = current_level()
  if level <= 1 or not too_many_fail() then return true end
  if num(C('HGET', LIM, 'tried'), 0) >= FEW_ATTEMPTS then
    lower_level(math.floor(level / 2), 1)
    C('HSET', LIM, 'tried', 0)
  end
  return false
end

-- Is there reason to raise the level, after `calm` sentences at it?
local function may_raise(l, level, calm)
  if num(l.reported, 0) > level then return true end
  if l.climbing == '1' then return level < num(l.proved, 0) + AHEAD end
  return num(l.raised, 0) == 0 and calm >= num(l.pace, 1)
end

-- A sentence is spoken, and out of flight: calm at the limit raises it.
local function speed_up(t, attempt, allowed)
  local l = read(LIM, 'level', 'since', 'raised', 'pace', 'climbing', 'calm', 'proved', 'reported', 'reported_at')
  if l.reported_at and tonumber(l.reported_at) + REPORT_LIFE < t then
    C('HDEL', LIM, 'reported', 'reported_at')
    enforce_limits()
  end
  local level, raised = num(l.level, NO_LIMIT), num(l.raised, 0)
  if level > allowed or attempt <= num(l.since, 0) or num(C('HGET', M, 'infl'), 0) + 1 < level then return end
  if raised > 0 and attempt > raised then
    l.climbing, l.proved = '1', level
    C('HSET', LIM, 'climbing', 1, 'proved', int(level))
  end
  local calm = num(l.calm, 0) + 1
  if not may_raise(l, level, calm) then C('HSET', LIM, 'calm', calm) return end
  local slots, slack, cost, fence = fields(M, 'slots', 'slack', 'cost', 'fence')
  if num(slots, 0) > 0 and level + 1 >= all_places(slots, slack, cost) then     -- it limits nothing any more
    C('HDEL', LIM, 'level', 'raised', 'pace', 'climbing', 'calm', 'proved', 'since', 'quiet')
  else C('HSET', LIM, 'level', int(level + 1), 'raised', int(num(fence, 0)), 'calm', 0) end
  enforce_limits()
end
