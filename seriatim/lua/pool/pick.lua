-- Who speaks next: as many sentences as there is room for, most urgent of the eligible first.
-- KEYS[1] pool prefix.  ARGV: now, most, publish lease ms
-- Returns a flat list job, seq, attempt, ... Each is in flight from now on, and in the outbox until it is published.
--
-- One step, because V, tags, the count in flight and the next sequence number must move together. Amortised O(log users +
-- log jobs of the user) a sentence. Live first; batch takes what live leaves, and what its reserved share has saved up.
local t = clock()
local most, lease = tonumber(ARGV[2]), tonumber(ARGV[3])
local m = C('HMGET', M, 'theta', 'rtf', 'reserve', 'credit', 'cost', 'policy')
local theta, rtf, reserve, credit = num(m[1], 0), num(m[2], 1), num(m[3], 0), num(m[4], 0)
lease = lease + 2 * num(m[5], 0)     -- what is published may wait for a sentence to end before a slot takes it
local fair = (m[6] or 'fair') == 'fair'
if not fair then theta = 1e15 end     -- everybody is eligible
local out, taken = {}, 0

for _, job in ipairs(C('ZRANGEBYSCORE', P .. ':delay', '-inf', t, 'LIMIT', 0, 64)) do index_job(job, t) end

-- Move a class's virtual time to its smallest tag, and let in the users that this makes eligible. Returns the first user
-- and its first job.
local first_user
function first_user(class)
  local tags, elig = P .. ':tag:' .. class, P .. ':elig:' .. class
  local lowest = C('ZRANGE', tags, 0, 0, 'WITHSCORES')
  if #lowest == 0 then return nil end
  local h = C('HMGET', M, 'V_' .. class, 'E_' .. class)
  local V, E = num(h[1], 0), num(h[2], 0)
  if tonumber(lowest[2]) > V then V = tonumber(lowest[2]); C('HSET', M, 'V_' .. class, V) end
  if V + theta > E then
    C('HSET', M, 'E_' .. class, V + theta)
    for _, user in ipairs(C('ZRANGEBYSCORE', tags, '(' .. string.format('%.17g', E), string.format('%.17g', V + theta))) do
      index_user(user, class)
    end
  end
  local user = C('ZRANGE', elig, 0, 0)[1] or lowest[1]
  local uq = P .. ':uq:' .. class .. ':' .. user
  local job = C('ZRANGE', uq, 0, 0)[1]
  if job and C('EXISTS', job_key(job)) == 1 then return user, job end
  if job then C('ZREM', uq, job) end     -- its keys were lost: nobody else shall wait for it
  C('ZREM', elig, user)
  index_user(user, class)
  return first_user(class)
end

-- What the user would say next, without taking it: job, seq, its record if begun before, its cost in slot ms.
local function candidate(user, class, job)
  local seq = ready_retry(job, t)
  if seq then
    local s = sentence_get(job, seq)
    return {user = user, class = class, job = job, seq = seq, s = s, again = true, cost = s.ms * rtf}
  end
  seq = tonumber(C('HGET', job_key(job), 'next'))
  local ms = tonumber(string.match(C('HGET', P .. ':jt:' .. job, seq), '^(%d+)|'))
  return {user = user, class = class, job = job, seq = seq, ms = ms, cost = ms * rtf}
end

local function take(c)
  local key = job_key(c.job)
  local s = c.s
  if c.again then C('ZREM', P .. ':jr:' .. c.job, c.seq)
  else
    local h = C('HMGET', key, 'dispatched')
    s = {fails = 0, ms = c.ms, pos = tonumber(h[1]), suspect = 0}
    C('HINCRBY', key, 'next', 1)
    C('HINCRBYFLOAT', key, 'dispatched', c.ms)
  end
  s.st, s.owner, s.cost, s.at = 'D', '', c.cost, num(C('HGET', key, 'ready'), t)
  C('HDEL', key, 'ready')     -- the job's next sentence waits from now on
  s.att = C('HINCRBY', M, 'fence', 1)
  if m[6] == 'round_robin' then C('HSET', user_key(c.user), 'turn_' .. c.class, s.att) end
  sentence_put(c.job, c.seq, s)
  life_of(c.job, P .. ':js:' .. c.job)
  keep(user_key(c.user))
  charge(c.user, c.class, c.cost)
  C('HINCRBY', M, 'infl', 1)
  C('HINCRBY', user_key(c.user), 'infl', 1)
  C('HINCRBY', key, 'infl', 1)
  local name = member(c.job, c.seq)
  zadd(P .. ':lease', t + lease, name)
  if c.class == 'B' and s.suspect ~= 1 then zadd(P .. ':yields', 0, name) end
  zadd(P .. ':outbox', t, name .. '|' .. int(s.att))
  index_job(c.job, t)
  out[#out + 1], out[#out + 2], out[#out + 3] = c.job, tostring(c.seq), int(s.att)
  taken = taken + 1
end

-- Live first; batch with what its reserved share has saved up.
local function fairly(live, live_job, batch, batch_job)
  local c = batch and candidate(batch, 'B', batch_job)
  if live and not (c and credit >= c.cost) then
    local most_credit = c and math.max(theta, c.cost)     -- theta alone would never pay for a longer sentence
    c = candidate(live, 'L', live_job)
    if batch then credit = math.min(credit + c.cost * reserve / (1 - reserve), most_credit) end
  elseif c then credit = math.max(0, credit - c.cost) end
  return c
end

-- The policies that ours is compared with know no classes.
local function plainly(live, live_job, batch, batch_job)
  local a = live and tonumber(C('ZSCORE', P .. ':elig:L', live))
  local b = batch and tonumber(C('ZSCORE', P .. ':elig:B', batch))
  if a and not (b and b < a) then return candidate(live, 'L', live_job) end
  return b and candidate(batch, 'B', batch_job)
end

-- How many sentences are in flight beyond the slots, or 0 or less: slots that will take the next one at once.
local function crowd()
  local h = C('HMGET', M, 'infl', 'slots')
  return num(h[1], 0) - num(h[2], 0)
end

-- A batch sentence in flight, from its name in :yields. What was lost with its job's keys is dropped there.
local function yielding(name)
  local job, seq = string.match(name, '^(.*)|(%d+)$')
  local s = sentence_get(job, seq)
  if not s then C('ZREM', P .. ':yields', name) return nil end
  return {name = name, job = job, seq = seq, s = s, user = C('HGET', job_key(job), 'user')}
end

-- Batch sentences that wait in the queue for a slot. All are about to be taken back: each is looked at once.
local function batch_in_queue()
  local queued = {}
  for _, name in ipairs(C('ZRANGEBYSCORE', P .. ':yields', 0, 0)) do queued[#queued + 1] = yielding(name) end
  return queued
end

-- The batch sentence that was begun last, if less than half of it is spoken and waiting for it would be heard. One that is too old
-- never becomes young again: it is dropped from the index, so that it is looked at once, and not at every pick.
local function begun_last()
  while true do
    local name = C('ZREVRANGEBYSCORE', P .. ':yields', '+inf', '(0', 'LIMIT', 0, 1)[1]
    if not name then return nil end
    local one = yielding(name)
    if one and (t - one.s.at) * 2 < one.s.cost and one.s.at + one.s.cost - t > LONG then return one end
    C('ZREM', P .. ':yields', name)
  end
end

local function take_back(one)
  land(one.job, one.seq, one.s, one.user)
  charge(one.user, 'B', -one.s.cost)
  requeue(one.job, one.seq, one.s, t)
  index_job(one.job, t)
end

-- All slots are taken, and a live sentence is the first of its job, or is needed before a slot will be free: batch makes way.
-- Each sentence does so once (suspect 2), so that none is spoken in vain for ever.
local function make_way()
  if theta <= LONG then return false end     -- theta is above the longest cost of late
  local live, live_job = first_user('L')
  if not live then return false end
  local h = C('HMGET', job_key(live_job), 't0', 'dispatched', 'play', 'total', 'n')
  local needed = h[3] and last_of(h[4], h[5]) or tonumber(h[2])     -- nobody waits for the first sentence of a file
  if (h[3] or needed > 0) and h[1] + needed - t > num(m[5], 0) then return false end
  for _, one in ipairs(batch_in_queue()) do take_back(one) end
  local last = crowd() >= 0 and begun_last()
  if last then
    local s = last.s
    count('made_way')
    count('wasted_ms', made(s, t))
    event(last.job, t, 'lost', 'seq', last.seq, 'attempt', int(s.att), 'owner', s.owner, 'claimed', int(s.at), 'reason', 'made way for a listener')
    hush(last.job, last.seq, s)
    s.suspect = 2
    take_back(last)
  end
  return crowd() < 0
end

while taken < most do
  local way = fair and crowd() >= 0 and make_way()
  if room() <= 0 then break end
  local live, live_job = first_user('L')
  local c
  if way then c = candidate(live, 'L', live_job)
  else
    local batch, batch_job = first_user('B')
    c = (fair and fairly or plainly)(live, live_job, batch, batch_job)
  end
  if not c then break end
  take(c)
end
if taken > 0 then C('HSET', M, 'credit', credit) end
return out
