#!lua flags=allow-oom
-- What time brings about: expired leases, dead workers, retries that are ready, timeouts, producers and readers that are gone.
-- KEYS[1] pool prefix.  ARGV: now, least interval ms, leave steps alone for ms, max failures, back-off ms, ended life ms
-- Returns {ran, {outbox entries to publish again}, {to-do entries to carry out}}. Any number of processes may call it; one an
-- interval does the work. Bounded: what is left over comes next time.
local t = clock()
local patience, max_failures, backoff, ended_life = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local swept = num(C('HGET', M, 'swept'), 0)
if t - swept < tonumber(ARGV[2]) and t >= swept then return {0, {}, {}} end
C('HSET', M, 'swept', int(t))

local DIED = 'the worker process died while speaking it'
for _, owner in ipairs(C('ZRANGEBYSCORE', P .. ':wk', '-inf', t, 'LIMIT', 0, 16)) do
  forget_owner(owner, true, DIED, t, max_failures, backoff, ended_life)
end

-- Nobody renewed it. If the process has shown no life since, all that it spoke comes back. If it has, it dropped this sentence
-- or never heard that it got it, and only this one comes back. A lost message is nobody's fault.
local function expire(name)
  local job, seq = string.match(name, '^(.*)|(%d+)$')
  local h = C('HMGET', job_key(job), 'user', 'class')
  local s = h[1] and sentence_get(job, seq)
  if s and s.st == 'R' and num(C('HGET', P .. ':w:' .. s.owner, 'until'), 0) <= t then
    forget_owner(s.owner, true, DIED, t, max_failures, backoff, ended_life)
    s = sentence_get(job, seq)
  end
  if not s or (s.st ~= 'D' and s.st ~= 'R') then
    C('ZREM', P .. ':yields', name)
    return C('ZREM', P .. ':lease', name)
  end
  if s.st == 'D' then C('HINCRBY', M, 'lost_messages', 1) end
  give_back(job, seq, s, h[1], h[2], s.st == 'R', 'its worker process dropped it', t, max_failures, backoff, ended_life)
end

let_go_due(t)
for _, job in ipairs(C('ZRANGEBYSCORE', P .. ':rest', '-inf', t, 'LIMIT', 0, 128)) do C('ZREM', P .. ':rest', job) end

for _, name in ipairs(C('ZRANGEBYSCORE', P .. ':lease', '-inf', t, 'LIMIT', 0, 128)) do expire(name) end

for _, job in ipairs(C('ZRANGEBYSCORE', P .. ':delay', '-inf', t, 'LIMIT', 0, 128)) do index_job(job, t) end

for _, job in ipairs(C('ZRANGE', P .. ':shut', 0, 127)) do index_job(job, t) end

local function finish_job(job, state, reason)
  if end_job(job, state, reason, t, ended_life) then todo(t - patience, 'end', job, state, reason) end
end

local function close_job(job, h)
  C('HSET', job_key(job), 'closed', 1, 'producer', 0)
  todo(t - patience, 'close', job, h[6], 'the producer is gone')
  if tonumber(h[7]) == 0 then end_job(job, 'spoken', '', t, ended_life) else expect_end(job) end
end

-- Keys of a live job were lost, and what they said of it with them: count again what is left.
local function recount()
  local demand, sentences, live = 0, 0, C('ZRANGE', P .. ':act', 0, -1)
  for _, job in ipairs(live) do
    local h = C('HMGET', job_key(job), 'class', 'rate', 'live')
    if h[1] == 'L' then demand = demand + tonumber(h[2]) end
    sentences = sentences + num(h[3], 0)
  end
  local held = 0
  for _, one in ipairs(C('ZRANGE', P .. ':held', 0, -1)) do held = held + tonumber(string.match(one, '|(.*)$')) end
  C('HSET', M, 'demand', demand, 'held', held, 'sentences', sentences, 'jobs', #live, 'infl', C('ZCARD', P .. ':lease'))
end

for _, job in ipairs(C('ZRANGEBYSCORE', P .. ':act', '-inf', t, 'LIMIT', 0, 128)) do
  local h = C('HMGET', job_key(job), 'ends_by', 'drain', 'seen', 'grace', 'producer', 'n', 'live', 'since')
  if not h[1] then
    C('ZREM', P .. ':act', job)
    C('ZREM', P .. ':ends', job)
    recount()
  else
    local ends_by, producer = tonumber(h[1]), tonumber(h[5])
    local gone = h[2] == 'window' and tonumber(h[3]) + tonumber(h[4]) or 1e15
    if t >= ends_by then finish_job(job, 'timed_out', string.format('not spoken within %.10g s', (ends_by - tonumber(h[8])) / 1000))
    elseif t >= gone then finish_job(job, 'cancelled', string.format('no reader for %.10g s', tonumber(h[4]) / 1000))
    else
      if producer > 0 and t >= producer then close_job(job, h); producer = 0 end
      if C('HGET', job_key(job), 'state') == 'run' then
        zadd(P .. ':act', math.max(t + 500, math.min(ends_by, gone, producer > 0 and producer or 1e15)), job)
      end
    end
  end
end

-- The counters as they were one and two minutes ago: what happened of late is the difference.
if t >= num(C('HGET', M, 'snapped'), 0) + 60000 then
  if C('EXISTS', P .. ':n:1') == 1 then C('RENAME', P .. ':n:1', P .. ':n:2') end
  C('HSET', P .. ':n', 't', int(t))
  keep(P .. ':n')
  C('COPY', P .. ':n', P .. ':n:1')
  C('HSET', M, 'snapped', int(t))
end

wake()
local before = int(t - patience)
return {1, C('ZRANGEBYSCORE', P .. ':outbox', '-inf', before, 'LIMIT', 0, 128),
        C('ZRANGEBYSCORE', P .. ':todo', '-inf', before, 'LIMIT', 0, 128)}
