-- requires: fairness, flight, capacity, counters, pool_load, records
-- The choice of the next sentence, and of the batch sentences that make way for it. For pick alone: it reads the pool once
-- (`pool`) and keeps what it changes there in step.
local CLASSES = {'L', 'B'}

local function read_pool()
  local m = read(M, 'theta', 'rtf', 'reserve', 'credit', 'cost', 'slots', 'slack', 'infl', 'V_L', 'E_L', 'V_B', 'E_B',
    'allowed', 'paused', 'metered', 'rates', 'demand', 'ahead')
  local pool = {theta = tonumber(m.theta), rtf = num(m.rtf, 1), reserve = num(m.reserve, 0), credit = num(m.credit, 0),
                cost = num(m.cost, 0), slots = usable_slots(m.slots, m.allowed), slack = num(m.slack, 0), infl = num(m.infl, 0),
                allowed = m.allowed, paused = num(m.paused, 0), metered = num(m.metered, 0), rates = m.rates, V = {}, E = {},
                demand = num(m.demand, 0), ahead = num(m.ahead, 0)}
  for _, class in ipairs(CLASSES) do pool.V[class], pool.E[class] = num(m['V_' .. class], 0), num(m['E_' .. class], 0) end
  return pool
end

-- How far a user of a class may be ahead of the virtual time. Live: theta, so that deadlines decide among neighbours. Batch: not at
-- all, for no listener gains by it; nor is a live user before the first cost was measured.
local function lead(pool, class) return class == 'L' and pool.theta or 0 end

-- Move a class's virtual time to its smallest tag, and let in the users that this makes eligible.
local function advance(pool, class, lowest)
  local V, E = math.max(pool.V[class], lowest), pool.E[class]
  local most = math.max(E, V + lead(pool, class))
  if V > pool.V[class] or most > E then C('HSET', M, 'V_' .. class, V, 'E_' .. class, most) end
  pool.V[class], pool.E[class] = V, most
  if most == E then return end
  local from, to = string.format('(%.17g', E), string.format('%.17g', most)
  for _, user in ipairs(C('ZRANGEBYSCORE', P .. ':tag:' .. class, from, to)) do index_user(user, class) end
end

-- The first user of a class and its first job, with the fields of it that a choice needs; nil if none has work.
local function first_job(pool, class)
  while true do
    local tags, eligible = P .. ':tag:' .. class, P .. ':elig:' .. class
    local lowest, tag = unpack(C('ZRANGE', tags, 0, 0, 'WITHSCORES'))
    if not lowest then return nil end
    advance(pool, class, tonumber(tag))
    local user = unpack(C('ZRANGE', eligible, 0, 0)) or lowest
    local jobs = P .. ':uq:' .. class .. ':' .. user
    local job = unpack(C('ZRANGE', jobs, 0, 0))
    local j = job and read_job(job)
    if j and j.next then return {user = user, class = class, job = job, fields = j} end
    if job then C('ZREM', jobs, job) end     -- its keys were lost: others must not wait for it
    C('ZREM', eligible, user)
    index_user(user, class)
  end
end

-- The next sentence of a job, without taking it: seq, its record if it was dispatched before, otherwise itself; its cost in slot ms.
local function with_sentence(pool, c, t)
  local seq = ready_retry(c.job, t)
  if seq then
    c.seq, c.s, c.again = seq, sentence_get(c.job, seq), true
    c.cost = c.s.ms * pool.rtf
  else
    c.seq = tonumber(c.fields.next)
    local ms, sentence = string.match(C('HGET', P .. ':jt:' .. c.job, c.seq), '^(%d+)|(.*)$')
    c.ms, c.sentence = tonumber(ms), sentence
    c.cost = c.ms * pool.rtf
  end
  return c
end

-- Live first; batch with what its reserved share has saved up.
local function choose(pool, t)
  local live, batch = first_job(pool, 'L'), first_job(pool, 'B')
  if batch then batch = with_sentence(pool, batch, t) end
  if live and not (batch and pool.credit >= batch.cost) then
    live = with_sentence(pool, live, t)
    if batch then     -- theta alone would never pay for a longer sentence
      pool.credit = math.min(pool.credit + live.cost * pool.reserve / (1 - pool.reserve), math.max(pool.theta or 0, batch.cost))
    end
    return live
  end
  if batch then pool.credit = math.max(0, pool.credit - batch.cost) end
  return batch
end

-- A sentence in flight, from its name in an index (:yields, :resumes). What was lost with its job's keys is dropped there.
local function flying_sentence(name, index)
  local job, seq = string.match(name, '^(.*)|(%d+)$')
  local s = sentence_get(job, seq)
  if not s then C('ZREM', P .. index, name) return nil end
  return {name = name, job = job, seq = seq, s = s, user = C('HGET', job_key(job), 'user')}
end

-- Batch sentences that wait in the queue for a slot. All are about to be taken back: each is looked at once.
local function batch_in_queue()
  local queued = {}
  for _, name in ipairs(C('ZRANGEBYSCORE', P .. ':yields', 0, 0)) do queued[#queued + 1] = flying_sentence(name, ':yields') end
  return queued
end

-- The batch sentence that was begun last, if less than half of it is spoken and waiting for it would be heard. One that is too old
-- never becomes young again: it is dropped from the index, so that it is looked at once, and not at every pick.
local function latest_started(t)
  while true do
    local name = unpack(C('ZREVRANGEBYSCORE', P .. ':yields', '+inf', '(0', 'LIMIT', 0, 1))
    if not name then return nil end
    local one = flying_sentence(name, ':yields')
    if one and (t - one.s.at) * 2 < one.s.cost and one.s.at + one.s.cost - t > LONG then return one end
    C('ZREM', P .. ':yields', name)
  end
end

local function take_back(pool, one, t)
  take_out_of_flight(one.job, one.seq, one.s, one.user, 'B')
  pool.infl = pool.infl - 1
  charge(one.user, 'B', -one.s.cost)
  requeue(one.job, one.seq, one.s, t, t)
  index_job(one.job, t)
end

-- The batch sentence that was begun last gives its slot to a live one. It makes way once (suspect 2), so that it is not spoken in vain
-- for ever.
local function make_latest_way(pool, t)
  local last = latest_started(t)
  if not last then return end
  local s = last.s
  count('made_way')
  count('wasted_ms', audio_made(s, t))
  event(last.job, t, 'lost', 'seq', last.seq, 'attempt', int(s.attempt), 'owner', s.owner, 'claimed', int(s.at), 'reason',
    'made way for a listener')
  notify_drop(last.job, last.seq, s)
  s.suspect = 2
  take_back(pool, last, t)
  return true
end

-- The live sentence in flight whose listener has the most audio ahead, if that bears a wait for several sentences such as the one
-- that is `cost` ms of a slot, and enough is left of it. One that is nearly over is dropped from the index.
local BEARS, BEARS_MORE = 3, 1000     -- times the cost, and ms: with less, listeners of a burst fell silent later (decision 74)
local function displaceable(pool, cost, t)
  while true do
    local name = unpack(C('ZREVRANGEBYSCORE', P .. ':resumes', '+inf', '-inf', 'LIMIT', 0, 1))
    local one = name and flying_sentence(name, ':resumes')
    if not name then return nil end
    if one and one.s.ms * pool.rtf - (t - one.s.slot_at) > LONG then
      local made = math.min(one.s.ms, (t - one.s.at) / pool.rtf)
      local ahead = num(C('HGET', job_key(one.job), 't0'), 0) + one.s.position + made - t
      return ahead >= BEARS * cost + BEARS_MORE and one or nil
    end
    C('ZREM', P .. ':resumes', name)
  end
end

-- A live sentence gives its slot to the sentence of another listener who waits, and goes on later where it stopped. Once (suspect 5).
local function displace(pool, cost, t)
  local one = displaceable(pool, cost, t)
  if not one then return end
  local s, spent = one.s, t - one.s.slot_at
  count('displaced')
  event(one.job, t, 'lost', 'seq', one.seq, 'attempt', int(s.attempt), 'owner', s.owner, 'claimed', int(s.at), 'reason',
    'displaced by a listener who waits')
  notify_drop(one.job, one.seq, s)
  take_out_of_flight(one.job, one.seq, s, one.user, 'L')
  pool.infl = pool.infl - 1
  charge(one.user, 'L', spent - s.cost)
  s.suspect, s.spent = DISPLACED, spent
  requeue(one.job, one.seq, s, t, t)
  index_job(one.job, t)
end

-- All slots are taken. Where a live sentence is the first of its job, or is needed before a slot will be free, batch makes way, or
-- another listener's sentence of an engine that can go on with it: returns the live job if a slot is free for it now.
local function make_way(pool, t)
  if pool.infl < pool.slots or (pool.theta or LONG + 1) <= LONG then return nil end     -- theta is above the longest recent cost
  local live = first_job(pool, 'L')
  if not live then return nil end
  local j = live.fields
  local needed = j.play and last_sentence_start(j.total, j.n) or tonumber(j.dispatched)     -- a file's first sentence is not awaited
  if (j.play or needed > 0) and j.t0 + needed - t > pool.cost then return nil end
  for _, one in ipairs(batch_in_queue()) do take_back(pool, one, t) end
  for _ = 0, pool.ahead do     -- one, and as many as may be in flight beyond the slots
    if pool.infl < pool.slots or not make_latest_way(pool, t) then break end
  end
  if pool.infl >= pool.slots then displace(pool, with_sentence(pool, live, t).cost, t) end
  return pool.infl < pool.slots and first_job(pool, 'L') or nil
end
