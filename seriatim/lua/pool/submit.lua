-- Refuse or accept a job, in one step: admission reads and reserves the same numbers.
-- KEYS[1] pool prefix.  ARGV[1] now, ARGV[2] options as JSON (seriatim/pool.py: submit), ARGV[3..] "<ms>|<sentence>"
-- Returns {verdict, retry after ms, job id}: ACCEPTED, DUPLICATE (with the id of the job that has the key), BUSY,
-- CAP_JOBS, CAP_QUEUED, MEMORY, NO_WORKERS, TOO_LARGE (one job's queue alone is over the user's cap).
--
-- The job hash: user, class (L live, B batch), priority, n (sentences known), closed, next (first never dispatched),
-- dispatched / acked / window / total / done_ms (ms of audio), t0 (when playback began or should), started, target,
-- heard (ms, the most that was reported), state (run, spoken, cancelled, failed), rate (slots it needs), live (sentences not
-- over), infl, gap, drain, ends_by, seen (reader), grace, producer (lease of an open job, 0 for none), queue_limit (ms), spec
-- (JSON), expires.
local ACCEPTED, DUPLICATE, BUSY, CAP_JOBS, CAP_QUEUED, MEMORY, NO_WORKERS, TOO_LARGE = 0, 1, 2, 3, 4, 5, 6, 7
local t = clock()
local o = cjson.decode(ARGV[2])
local job, user, class = o.job, o.user, o.class
local key, idem = job_key(job), o.key ~= '' and (P .. ':idem:' .. #user .. ':' .. user .. ':' .. o.key)

if C('EXISTS', key) == 1 then return {DUPLICATE, 0, job} end
if idem then
  local known = C('GET', idem)
  -- A job that is over and gone can be heard from the store alone: any other is spoken anew.
  if known and (o.drain == 'store' or C('EXISTS', job_key(known)) == 1) then return {DUPLICATE, 0, known} end
end

local total = 0
for i = 3, #ARGV do total = total + tonumber(string.match(ARGV[i], '^(%d+)|')) end

-- The earliest time at which a live job should be over and give back its share.
local function soonest_end()
  local best = 60000
  for _, j in ipairs(C('ZRANGE', P .. ':act', 0, 127)) do
    local h = C('HMGET', job_key(j), 'class', 'closed', 't0', 'total')
    if h[1] == 'L' and h[2] == '1' then best = math.min(best, math.max(500, num(h[3], t) + num(h[4], 0) - t)) end
  end
  return math.floor(best)
end

local m = C('HMGET', M, 'slots', 'demand', 'eta', 'reserve', 'rtf', 'refused')
local slots, rate = num(m[1], 0), 0
local function refuse(verdict, after)
  C('HINCRBY', M, 'refused', 1)
  return {verdict, after, job}
end

local u = C('HMGET', user_key(user), 'jobs', 'queued')
if o.cap_jobs and num(u[1], 0) >= o.cap_jobs then return refuse(CAP_JOBS, 1000) end
if o.cap_queued and total > o.cap_queued then return refuse(TOO_LARGE, 0) end
if o.cap_queued and num(u[2], 0) + total > o.cap_queued then return refuse(CAP_QUEUED, 1000) end
local memory = C('INFO', 'memory')
local limit = num(string.match(memory, '\nmaxmemory:(%d+)'), 0)
if limit > 0 and num(string.match(memory, 'used_memory:(%d+)'), 0) > o.memory_share * limit then return refuse(MEMORY, 5000) end
if class == 'L' then
  if slots == 0 then return refuse(NO_WORKERS, 2000) end
  -- One job may have the whole pool: an idle pool that is slower than speech would refuse for ever, and measure nothing.
  local room = num(m[3], 1) * (1 - num(m[4], 0)) * slots
  rate = math.min(num(m[5], 0) * o.speed, room)
  if num(m[2], 0) + rate > room + 1e-9 then return refuse(BUSY, soonest_end()) end
end

local expires = t + o.life
C('HSET', key, 'user', user, 'class', class, 'priority', o.priority, 'n', #ARGV - 2, 'closed', o.closed, 'next', 0,
  'dispatched', 0, 'acked', 0, 'window', o.window, 'total', total, 'done_ms', 0, 't0', int(t + o.target), 'started', 0,
  'target', o.target, 'state', 'run', 'rate', rate, 'live', #ARGV - 2, 'infl', 0, 'gap', o.gap, 'drain', o.drain,
  'ends_by', int(t + o.timeout), 'seen', int(t), 'grace', o.grace, 'queue_limit', o.queue_limit, 'spec', o.spec,
  'producer', o.producer > 0 and int(t + o.producer) or 0, 'expires', int(expires), 'since', int(t))
life_of(job, key)
for i = 3, #ARGV do C('HSET', P .. ':jt:' .. job, i - 3, ARGV[i]) end
if #ARGV > 2 then life_of(job, P .. ':jt:' .. job) end
if idem then C('SET', idem, job, 'PX', o.life) end
if class == 'L' then C('HINCRBYFLOAT', M, 'demand', rate) end
C('HINCRBY', M, 'jobs', 1)
keep(M)
local uk = user_key(user)
C('HSET', uk, 'weight', o.weight)
local freed = 0
if o.cap_infl then C('HSET', uk, 'cap_infl', o.cap_infl) else freed = C('HDEL', uk, 'cap_infl') end
C('HINCRBY', uk, 'jobs', 1)
C('HINCRBYFLOAT', uk, 'queued', total)
keep(uk)
zadd(P .. ':act', t, job)
todo(t, 'life', job)
if o.closed == 1 and #ARGV == 2 then end_job(job, 'spoken', '', t, o.ended_life) else index_job(job, t) end
if freed == 1 then index_user(user, other(class)) end
return {ACCEPTED, 0, job}
