-- requires: records, pool_load
-- The order of dispatch: weighted fair queueing of users in each class (L live, B batch), deadlines within a user.
local RANK = 1e13          -- one step of priority, in ms: above every deadline, so that priorities never mix

local function other_class(class) return class == 'L' and 'B' or 'L' end

-- Put a user where it belongs: without work (finish tag kept), waiting (tag), or eligible (tag and deadline). Returns its cap.
-- A user at its cap of sentences in flight is without work: its tag must not hold back the virtual time of the others.
-- Eligible is S <= E, the largest V + theta so far (batch: V; pick moves it and lets in the users that it passes). V + theta itself will
-- not do: theta changes with every finish, and a user that a grown theta let in here and no pick promoted would wait for ever.
local function index_user(user, class)
  local tags, eligible = P .. ':tag:' .. class, P .. ':elig:' .. class
  local first, place = unpack(C('ZRANGE', P .. ':uq:' .. class .. ':' .. user, 0, 0, 'WITHSCORES'))
  local infl, cap, finish_tag = fields(user_key(user), 'infl', 'cap_infl', 'F_' .. class)
  local S = num(C('ZSCORE', tags, user))
  if not first or num(infl, 0) >= num(cap, 1e9) then
    if S then
      C('HSET', user_key(user), 'F_' .. class, S)
      C('ZREM', tags, user)
      C('ZREM', eligible, user)
    end
    return cap
  end
  local V, E = fields(M, 'V_' .. class, 'E_' .. class)
  if not S then
    S = math.max(num(V, 0), num(finish_tag, 0))
    zadd(tags, S, user)
  end
  if S <= num(E, 0) then zadd(eligible, tonumber(place) % RANK, user) else C('ZREM', eligible, user) end
  return cap
end

-- The first sentence of a job that is ready for another attempt, and the time at which the next one becomes ready.
local function ready_retry(job, t)
  local waiting = C('ZRANGE', P .. ':jr:' .. job, 0, -1, 'WITHSCORES')
  local first
  for i = 1, #waiting, 2 do
    local seq, at = tonumber(waiting[i]), tonumber(waiting[i + 1])
    if at > t then return first, at end
    if not first or seq < first then first = seq end
  end
  return first
end

-- By when must the next sentence of a job (its record `j`) be heard? nil where none may be dispatched now.
-- Live: when playback reaches it, or its last sentence if it is played when it is whole. Batch: in the order of submission.
local function deadline(job, j, t)
  if j.state ~= 'run' then return nil end
  local retry, later = ready_retry(job, t)
  if later then zadd(P .. ':delay', later, job) elseif retry then C('ZREM', P .. ':delay', job) end
  local position = tonumber(j.dispatched)
  if retry then position = resumes_at(sentence_get(job, retry))
  else
    local ahead, window = position - tonumber(j.acked), tonumber(j.window)
    if j.next == j.n or ahead >= window then return nil end
    -- Only load holds it back: the sweep looks at it again.
    if j.class == 'B' and ahead >= window * batch_share() then zadd(P .. ':shut', t, job) return nil end
  end
  if j.class == 'B' then return tonumber(j.t0) end
  return j.t0 + (j.play and last_sentence_start(j.total, j.n) or position)
end

-- What is read of a job to place it, and to change it in the same step: its counts and its times.
local function read_job(job)
  return read(job_key(job), 'user', 'class', 'priority', 'ready', 'state', 'n', 'next', 'dispatched', 'acked', 'window', 't0',
    'play', 'total', 'closed', 'since', 'passed', 'live', 'infl', 'done_ms', 'renewed')
end

-- Put a job (its record `j`, as `read_job` has it and as its hash is now) where it belongs among its user's, and the user where it
-- belongs then. Returns whether a sentence of it waits for a slot.
local function place_job(job, j, t)
  local jobs = P .. ':uq:' .. j.class .. ':' .. j.user
  if j.class == 'B' then C('ZREM', P .. ':shut', job) end
  local due = deadline(job, j, t)
  if due then zadd(jobs, math.max(0, due) - num(j.priority, 0) * RANK, job) else C('ZREM', jobs, job) end
  if due and not j.ready then C('HSET', job_key(job), 'ready', int(t))
  elseif j.ready and not due then C('HDEL', job_key(job), 'ready') end
  if index_user(j.user, j.class) then index_user(j.user, other_class(j.class)) end     -- the cap spans both classes
  return due ~= nil
end

local function index_job(job, t)
  local j = read_job(job)
  if j.user then return place_job(job, j, t) end
  C('ZREM', P .. ':shut', job)
  C('ZREM', P .. ':delay', job)
  return false
end

-- Place the jobs of which another retry is ready by now, `most` at a time.
local function index_delayed(t, most)
  for _, job in ipairs(C('ZRANGEBYSCORE', P .. ':delay', '-inf', t, 'LIMIT', 0, most)) do
    C('ZREM', P .. ':delay', job)
    index_job(job, t)
  end
end

-- Charge (or, negative, give back) synthesis time to a user's share. The caller indexes the job afterwards.
local function charge(user, class, cost)
  local weight, finish_tag = fields(user_key(user), 'weight', 'F_' .. class)
  local delta = cost / num(weight, 1)
  if C('ZADD', P .. ':tag:' .. class, 'XX', 'INCR', delta, user) then return end
  if weight then C('HSET', user_key(user), 'F_' .. class, num(finish_tag, 0) + delta) end
end
