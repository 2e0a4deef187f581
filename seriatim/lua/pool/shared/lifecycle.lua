-- requires: counters, fairness, flight, capacity, records
-- The ends: of a sentence, of an attempt, of a job, of a user.

-- A step that another slot still has to make.
local function add_todo(t, ...)
  zadd(P .. ':todo', t, table.concat({...}, '|'))
end

-- A user with no live job is forgotten once its finish tags are behind the virtual time; until then it has a short life.
local function forget_idle_user(user)
  local F_L, F_B = fields(user_key(user), 'F_L', 'F_B')
  local V_L, V_B = fields(M, 'V_L', 'V_B')
  if num(F_L, 0) <= num(V_L, 0) and num(F_B, 0) <= num(V_B, 0) then C('DEL', user_key(user))
  else C('PEXPIRE', user_key(user), 600000) end
end

-- A job that ended early: what was never made is saved, and what was made and not heard was made in vain. Times in ms of audio:
-- `begun_ms` of sentences that are not over, `partly_ms` of it made.
local function count_early_end(j, begun_ms, partly_ms, t)
  local acked, spoken = num(j.acked, 0), num(j.dispatched, 0) - begun_ms
  local heard = acked
  if j.class == 'L' then heard = num(j.heard, j.started == '1' and math.min(acked, t - tonumber(j.t0)) or 0) end
  count('wasted_ms', math.floor(math.max(0, spoken - heard) + partly_ms + 1e-6))
  count('saved_ms', math.floor(math.max(0, num(j.total, 0) - num(j.done_ms, 0) - partly_ms) + 1e-6))
end

-- A live job needs its share no more, or keeps it until its listener has heard the end.
local function release_share(job, j, state, t)
  if j.passed then return end     -- the next job of its session has it
  C('HINCRBYFLOAT', M, 'demand', -num(j.rate, 0))
  local heard_out = tonumber(j.t0) + tonumber(j.dispatched) - handover_lead(j.t0, j.since)
  if state ~= 'spoken' or j.play or heard_out <= t then heard_out = t else hold_share(job, j.rate, heard_out) end
  local lasts = heard_out - num(j.turn or j.since, t)
  local stay = num(C('HGET', M, 'stay'), lasts)
  C('HSET', M, 'stay', stay + (lasts - stay) / 30)     -- how long a live job stays, of the last 30 or so
end

-- End the pool's part of a job: `state` is spoken, cancelled, failed or timed_out. O(sentences in flight), not O(sentences).
local function end_job(job, state, reason, t, ended_life)
  local key = job_key(job)
  local j = read(key, 'user', 'class', 'rate', 'total', 'done_ms', 'state', 'acked', 'heard', 'dispatched', 't0', 'started',
    'live', 'since', 'play', 'drain', 'turn', 'passed')
  if j.state ~= 'run' then return false end
  local user = j.user
  C('HSET', key, 'state', state, 'reason', reason, 'ended', int(t), 'expires', int(t + ended_life))
  local begun_ms, partly_ms = 0, 0
  for _, seq in ipairs(C('HKEYS', P .. ':js:' .. job)) do
    local s = sentence_get(job, seq)
    begun_ms, partly_ms = begun_ms + s.ms, partly_ms + audio_made(s, t)
    if s.state == 'R' then notify_drop(job, seq, s) end
    if s.state == 'D' or s.state == 'R' then take_out_of_flight(job, seq, s, user, j.class); charge(user, j.class, -s.cost) end
  end
  count('ended_' .. state)
  if state == 'spoken' and j.drain == 'window' then zadd(P .. ':rest', t + ended_life, job) end
  if state ~= 'spoken' then count_early_end(j, begun_ms, partly_ms, t) end
  event(job, t, 'end', 'state', state)
  C('PEXPIRE', P .. ':tl:' .. job, ended_life)
  C('UNLINK', P .. ':js:' .. job, P .. ':jr:' .. job, P .. ':jt:' .. job)   -- a book's text goes in the background
  C('ZREM', P .. ':delay', job)
  C('ZREM', P .. ':act', job)
  C('ZREM', P .. ':ends', job)
  index_job(job, t)
  C('HINCRBY', M, 'sentences', 0 - num(j.live, 0))     -- minus nothing would be -0
  C('HINCRBYFLOAT', user_key(user), 'queued', -(num(j.total, 0) - num(j.done_ms, 0)))
  if j.class == 'L' then release_share(job, j, state, t) end
  if C('HINCRBY', user_key(user), 'jobs', -1) <= 0 then forget_idle_user(user) end
  if C('HINCRBY', M, 'jobs', -1) <= 0 then C('HSET', M, 'demand', 0) end   -- no drift of floats outlives the last job
  C('PEXPIRE', key, ended_life)
  wake_dispatcher()
  return true
end

-- A sentence is over: counts, the end of the job if it was the last one, the order of what is left.
local function complete_sentence(job, seq, est_ms, actual_ms, t, ended_life)
  C('HDEL', P .. ':js:' .. job, seq)
  C('HDEL', P .. ':jt:' .. job, seq)
  local j = read_job(job)
  j.dispatched, j.total, j.done_ms = j.dispatched + actual_ms - est_ms, j.total + actual_ms - est_ms, j.done_ms + actual_ms
  j.live = j.live - 1
  C('HSET', job_key(job), 'dispatched', j.dispatched, 'total', j.total, 'done_ms', j.done_ms, 'live', j.live)
  C('HINCRBYFLOAT', user_key(j.user), 'queued', -est_ms)
  C('HINCRBY', M, 'sentences', -1)
  C('HINCRBY', M, 'done', 1)
  if j.live <= 0 and j.closed == '1' then end_job(job, 'spoken', '', t, ended_life) return end
  record_expected_end(job, j)
  place_job(job, j, t)
end
