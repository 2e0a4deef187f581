-- Free slots, the dispatchers that wait for them, and the shares of the room that listeners keep.

-- The slack hides the time between a finish and the next message (some 4 ms). Where sentences take far longer it would only
-- make the next listener wait for one sentence more (measured at 15 listeners and 1.1 s a sentence: first audio p95 1.06 s
-- with it, 0.62 s without).
local LONG = 250     -- ms of a sentence's mean cost

-- Places for sentences in flight: the slots, and those in the queue before them.
local function all_places(slots, slack, cost) return num(slots, 0) + (num(cost, 0) < LONG and num(slack, 0) or 0) end

-- How many sentences may be dispatched now: as many as there are slots, and as the governor allows (shared/governor.lua).
local function free_room(slots, slack, cost, infl, allowed)
  local places = all_places(slots, slack, cost)
  return math.min(places, num(allowed, places)) - num(infl, 0)
end

-- Wake one sleeping dispatcher if there is a free slot. At most one element: a signal, not a queue.
local function wake_dispatcher()
  local m = read(M, 'slots', 'slack', 'cost', 'infl', 'allowed', 'paused', 'now')
  if num(m.paused, 0) > num(m.now, 0) then return end
  if free_room(m.slots, m.slack, m.cost, m.infl, m.allowed) > 0 and C('LLEN', P .. ':wake') == 0 then
    C('RPUSH', P .. ':wake', 1)
    keep(P .. ':wake')
  end
end

-- A new job needs its share a moment before the listener that it follows has heard the end: for its first sentence.
local function handover_lead(t0, since) return math.min(1000, math.max(0, tonumber(t0) - tonumber(since))) end

-- When a live job (its record `j`) whose text is whole will need its share of the slots no more: its listener hears the end soon.
local function record_expected_end(job, j)
  if j.state ~= 'run' or j.class ~= 'L' or j.closed ~= '1' or j.passed then return end
  zadd(P .. ':ends', tonumber(j.t0) + tonumber(j.total) - handover_lead(j.t0, j.since), job)
end

-- Spoken ahead of its listener, a live job keeps its share until the end is heard (:held, job|rate -> when). Otherwise each
-- would make way for another as soon as it is spoken, and the slots would have to speak faster than all listeners listen.
local function hold_share(job, rate, at)
  zadd(P .. ':held', at, job .. '|' .. rate)
  C('HINCRBYFLOAT', M, 'held', rate)
end

local function release_hold(one)
  if C('ZREM', P .. ':held', one) == 0 then return false end
  if C('ZCARD', P .. ':held') == 0 then C('HSET', M, 'held', 0)     -- no drift of floats
  else C('HINCRBYFLOAT', M, 'held', '-' .. string.match(one, '|(.*)$')) end
  return true
end

local function release_due_holds(t)
  for _, one in ipairs(C('ZRANGEBYSCORE', P .. ':held', '-inf', t, 'LIMIT', 0, 256)) do release_hold(one) end
end
