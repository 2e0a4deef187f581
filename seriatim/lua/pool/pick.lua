-- requires: clock, renewal, selection, governor, rates, standby, capacity, fairness, pool_load, records
-- Which sentences are spoken next: as many as there is room for, most urgent of the eligible first.
-- KEYS[1] pool prefix.  ARGV: now, most, publish lease ms, own (1: the caller takes the first of these itself; 2: and its process may
-- have one ahead of its engine; '' none)
-- Returns a flat list job, seq, attempt, ... Each is in flight from now on, and in the outbox until it is published. What is given to
-- slots on standby is in neither the list nor `most`. And for a script that runs this one: whether the last of the list is one ahead.
--
-- One step, because V, tags, the count in flight and the next sequence number must move together. Amortised O(log users +
-- log jobs of the user) a sentence. Live first; batch takes what live leaves, and what its reserved share has saved up.
local t = clock()
local _, most, lease, own = unpack(ARGV)
most, own = tonumber(most), num(own, 0)
local pool = read_pool()
lease = lease + 2 * pool.cost     -- what is published may wait for a sentence to end before a slot takes it
local out, taken, returned = {}, 0, 0
-- Beyond the slots one sentence of a light engine may be in flight, if the one process of the pool holds one ahead: its engine goes on
-- while a slot waits for the answer to its report (decision 89). A listener would wait for it, so there must be none.
local ahead = not pool.allowed and pool.demand <= REST and pool.cost < LONG and pool.ahead or 0
local beyond, last_beyond     -- what is taken, and was taken last, is the caller's, and beyond the slots
local standby     -- slots that wait, as soon as it matters

index_delayed(t, 64)

if pool.paused > t then return {} end     -- the engine's server accepts nothing until then
local left = pool.metered > t and num(C('HGET', LIM, 'left'), 0) or math.huge     -- requests, for all that is taken
local rates = pool.rates and read_rates(t) or {}

-- A sentence is taken: the counts of its job, whose next one waits for a slot from now on. The keys of its user last as long as jobs
-- of it are spoken.
local function count_taken(c)
  local j = c.fields
  if not c.again then j.next, j.dispatched = int(j.next + 1), j.dispatched + c.ms end
  j.infl, j.ready = num(j.infl, 0) + 1, int(t)
  if not j.renewed or t >= j.renewed + RENEW_AFTER then
    keep(user_key(c.user))
    keep(P .. ':uq:' .. c.class .. ':' .. c.user)
    j.renewed = int(t)
  end
  C('HSET', job_key(c.job), 'next', j.next, 'dispatched', j.dispatched, 'infl', j.infl, 'ready', j.ready, 'renewed', j.renewed)
end

local function take(c)
  local s = c.s
  if c.again then C('ZREM', P .. ':jr:' .. c.job, c.seq)
  else s = {failures = 0, ms = c.ms, position = tonumber(c.fields.dispatched), suspect = 0}; c.s = s end
  s.state, s.owner, s.cost, s.at, s.slot_at = 'D', '', c.cost, num(c.fields.ready, t), t
  s.attempt = C('HINCRBY', M, 'fence', 1)
  sentence_put(c.job, c.seq, s, t)
  count_taken(c)
  charge(c.user, c.class, c.cost)
  C('HINCRBY', M, 'infl', 1)
  C('HINCRBY', user_key(c.user), 'infl', 1)
  pool.infl = pool.infl + 1
  local name = member(c.job, c.seq)
  C('ZADD', P .. ':lease', t + lease, name)
  if c.class == 'B' and s.suspect ~= 1 then zadd(P .. ':yields', 0, name) end
  C('ZADD', P .. ':outbox', t, name .. '|' .. int(s.attempt))
  place_job(c.job, c.fields, t)
  spend_rates(rates, c.job, c.seq)
  taken = taken + 1
  if returned >= math.min(own, 1) and not beyond then
    standby = standby or count_standby(t)
    if standby > 0 and give_to_standby(c, t) then return end
  end
  out[#out + 1], out[#out + 2], out[#out + 3] = c.job, tostring(c.seq), int(s.attempt)
  returned = returned + 1
end

while returned < most and taken < left and within_rates(rates, t) do
  local urgent = make_way(pool, t)
  local room = free_room(pool.slots, pool.slack, pool.cost, pool.infl, pool.allowed)
  beyond = room <= 0
  if beyond and (returned >= own or room + ahead <= 0) then break end
  local c = urgent and with_sentence(pool, urgent, t) or choose(pool, t)
  if not c then break end
  take(c)
  last_beyond = beyond
end
if taken > 0 then
  C('HSET', M, 'credit', pool.credit)
  keep(P .. ':outbox')
  if pool.infl <= taken then keep(P .. ':lease') end     -- it had no entries, and begins to expire
end
if taken > 0 and pool.metered > t then C('HINCRBY', LIM, 'left', -taken) end
return out, own == 2 and returned == 2 and last_beyond
