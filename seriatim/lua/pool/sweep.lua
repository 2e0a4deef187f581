#!lua flags=allow-oom
-- requires: clock, renewal, removal, capacity, failures, fairness, lifecycle, records
-- What time brings about: expired leases, dead workers, retries that are ready, timeouts, producers and readers that are gone.
-- KEYS[1] pool prefix.  ARGV: now, least interval ms, leave steps alone for ms, max failures, back-off ms, ended life ms
-- Returns {ran, {outbox entries to publish again}, {to-do entries to carry out}, worker processes}. Any number of processes may call it; one an
-- interval does the work. Bounded: what is left over comes next time.
local t = clock()
local _, interval, grace, max_failures, backoff, ended_life = unpack(ARGV)
local retry = retry_policy(max_failures, backoff, ended_life)
grace, ended_life = tonumber(grace), retry.ended_life
local swept, snapped, renewed = fields(M, 'swept', 'snapped', 'renewed')
swept = num(swept, 0)
if t - swept < tonumber(interval) and t >= swept then return {0, {}, {}, C('ZCARD', P .. ':wk')} end
C('HSET', M, 'swept', int(t))
renew_keys(t, renewed)

local function due(key) return C('ZRANGEBYSCORE', key, '-inf', t, 'LIMIT', 0, 128) end

local DIED = 'the worker process died while speaking it'
for _, owner in ipairs(C('ZRANGEBYSCORE', P .. ':wk', '-inf', t, 'LIMIT', 0, 16)) do
  remove_worker(owner, true, DIED, t, retry)
end

-- A lease was not renewed. If the process has shown no life since, all that it spoke comes back. If it has, it dropped this
-- sentence or never learned that it got it, and only this one comes back. A lost message is blamed on no sentence.
local function expire(name)
  local job, seq = string.match(name, '^(.*)|(%d+)$')
  local user, class = fields(job_key(job), 'user', 'class')
  local s = user and sentence_get(job, seq)
  if s and s.state == 'R' and num(C('HGET', P .. ':w:' .. s.owner, 'until'), 0) <= t then
    remove_worker(s.owner, true, DIED, t, retry)
    s = sentence_get(job, seq)
  end
  if not s or (s.state ~= 'D' and s.state ~= 'R') then
    C('ZREM', P .. ':yields', name)
    C('ZREM', P .. ':resumes', name)
    return C('ZREM', P .. ':lease', name)
  end
  if s.state == 'D' then C('HINCRBY', M, 'lost_messages', 1) end
  fail_attempt(job, seq, s, user, class, s.state == 'R', 'its worker process dropped it', t, retry)
end

release_due_holds(t)
for _, job in ipairs(due(P .. ':rest')) do C('ZREM', P .. ':rest', job) end

for _, name in ipairs(due(P .. ':lease')) do expire(name) end

index_delayed(t, 128)

for _, job in ipairs(C('ZRANGE', P .. ':shut', 0, 127)) do index_job(job, t) end

local function finish_job(job, state, reason)
  if end_job(job, state, reason, t, ended_life) then add_todo(t - grace, 'end', job, state, reason) end
end

local function close_job(job, j)
  C('HSET', job_key(job), 'closed', 1, 'producer', 0)
  j.closed = '1'
  add_todo(t - grace, 'close', job, j.n, 'the producer is gone')
  if tonumber(j.live) == 0 then end_job(job, 'spoken', '', t, ended_life) else record_expected_end(job, j) end
end

-- Keys of a live job were lost, and what they said of it with them: count again what is left.
local function recount()
  local demand, sentences, jobs = 0, 0, C('ZRANGE', P .. ':act', 0, -1)
  for _, job in ipairs(jobs) do
    local class, rate, live = fields(job_key(job), 'class', 'rate', 'live')
    if class == 'L' then demand = demand + tonumber(rate) end
    sentences = sentences + num(live, 0)
  end
  local held = 0
  for _, one in ipairs(C('ZRANGE', P .. ':held', 0, -1)) do held = held + tonumber(string.match(one, '|(.*)$')) end
  C('HSET', M, 'demand', demand, 'held', held, 'sentences', sentences, 'jobs', #jobs, 'infl', C('ZCARD', P .. ':lease'))
end

-- A job that is not over: its times, and when to look at it next.
local function check_job(job, j)
  local ends_by, producer = tonumber(j.ends_by), tonumber(j.producer)
  local gone = j.drain == 'window' and tonumber(j.seen) + tonumber(j.grace) or 1e15
  if t >= ends_by then
    return finish_job(job, 'timed_out', string.format('not spoken within %.10g s', (ends_by - tonumber(j.since)) / 1000))
  end
  if t >= gone then return finish_job(job, 'cancelled', string.format('no reader for %.10g s', tonumber(j.grace) / 1000)) end
  if producer > 0 and t >= producer then close_job(job, j); producer = 0 end
  if C('HGET', job_key(job), 'state') == 'run' then
    zadd(P .. ':act', math.max(t + 500, math.min(ends_by, gone, producer > 0 and producer or 1e15)), job)
  end
end

for _, job in ipairs(due(P .. ':act')) do
  local j = read(job_key(job), 'ends_by', 'drain', 'seen', 'grace', 'producer', 'n', 'live', 'since', 'state', 'class', 't0',
    'total')
  if j.ends_by then check_job(job, j)
  else
    C('ZREM', P .. ':act', job)
    C('ZREM', P .. ':ends', job)
    recount()
  end
end

-- The counters as they were one and two minutes ago: what happened recently is the difference.
if t >= num(snapped, 0) + 60000 then
  if C('EXISTS', P .. ':n:1') == 1 then C('RENAME', P .. ':n:1', P .. ':n:2') end
  C('HSET', P .. ':n', 't', int(t))
  keep(P .. ':n')
  C('COPY', P .. ':n', P .. ':n:1')
  C('HSET', M, 'snapped', int(t))
end

wake_dispatcher()
local before = int(t - grace)
return {1, C('ZRANGEBYSCORE', P .. ':outbox', '-inf', before, 'LIMIT', 0, 128),
        C('ZRANGEBYSCORE', P .. ':todo', '-inf', before, 'LIMIT', 0, 128), C('ZCARD', P .. ':wk')}
