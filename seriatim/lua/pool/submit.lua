-- requires: clock, renewal, submitted_text, lifecycle, memory, pool_load, budget, waitlist, turns, capacity, counters, fairness, records
-- Refuse or accept a job, in one step: admission reads and reserves the same numbers.
-- KEYS[1] pool prefix.  ARGV[1] now, ARGV[2] options as JSON (seriatim/lua/pool_scripts.py: submit), ARGV[3..] "<ms>|<sentence>"
-- Returns {verdict, retry after ms, job id}: ACCEPTED, DUPLICATE (the job that has the key; drain and cut of it follow), BUSY,
-- CAP_JOBS, CAP_QUEUED, MEMORY, NO_WORKERS, TOO_LARGE (one job's queue alone is over the user's cap), CONFLICT (the key's job
-- has another text), RECUT (the key's job was cut otherwise: cut the text as it was, and submit that).
--
-- The key's job is known by its key as long as it may be heard, which for jobs of the store is beyond its hash: JSON with job,
-- drain, said (digest of the spec), cut (how its producer cut the text).
--
-- The job hash: user, class (L live, B batch), priority, n (sentences known), closed, next (first never dispatched),
-- dispatched / acked / window / total / done_ms (ms of audio), t0 (when playback began or should), started, target,
-- heard (ms, the most that was reported), state (run, spoken, cancelled, failed, timed_out), rate (slots it needs, as measured with its latest sentence), speed, live (sentences not
-- over), infl, cached (sentences that came from a worker's cache), gap, drain, ends_by, seen (reader), grace, producer (lease of an open job, 0 for none), queue_limit (ms), spec
-- (JSON), expires, since, ready (since when its next sentence could be dispatched), drawn (timeline), play ("whole": a live job
-- that is played once it is whole; its playback never begins here, and its share is free as soon as it is spoken); of a session
-- (shared/turns.lua): turn (when its turn began), behind (when playback of the job before it ends), passed (its share went to the next).
local ACCEPTED, DUPLICATE, BUSY, CAP_JOBS, CAP_QUEUED, MEMORY, NO_WORKERS, TOO_LARGE, CONFLICT, RECUT, CAP_CHARS =
   0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
local t = clock()
local o = cjson.decode(ARGV[2])
local job, user, class, n = o.job, o.user, o.class, #ARGV - 2
local key, idem = job_key(job), o.key ~= '' and (P .. ':idem:' .. #user .. ':' .. user .. ':' .. o.key)

-- The job of an idempotency key: as it is, not as it is asked for now.
local function keyed_job(name)
  local found = C('GET', name)
  if not found then return nil end
  local k = string.sub(found, 1, 1) == '{' and cjson.decode(found) or {job = found}   -- of an older version: the id alone
  local drain = C('HGET', job_key(k.job), 'drain')
  k.drain = drain or k.drain or o.drain
  -- A job that is over and gone can be heard from the store alone: any other is spoken anew.
  return (drain or k.drain == 'store') and k
end

-- Was the key's job closed by the lease of its producer, and not by a producer? Its end may have been heard, so that nothing can be
-- added: a text that is sent again is spoken anew, as another job, which the key stands for from then on.
local function closed_by_lease(name)
  local said = P .. ':said:' .. name
  return C('EXISTS', said) == 1 and C('STRLEN', said) % 4 == 0 and C('HGET', job_key(name), 'closed') ~= '0'
end

if C('EXISTS', key) == 1 then return {DUPLICATE, 0, job, C('HGET', key, 'drain'), o.cut or ''} end
local k = idem and keyed_job(idem)
if k then
  local cut = k.cut or ''
  if k.said and o.said and k.said ~= o.said then return {CONFLICT, 0, k.job} end
  if cut ~= '' and o.cut and o.cut ~= '' and cut ~= o.cut then return {RECUT, 0, k.job, k.drain, cut} end
  if text_differs(k.job, 0, digests(3), o.closed == 1) then return {CONFLICT, 0, k.job} end
  if not closed_by_lease(k.job) then return {DUPLICATE, 0, k.job, k.drain, cut} end
end

local total = 0
for i = 3, #ARGV do total = total + tonumber(string.match(ARGV[i], '^(%d+)|')) end

-- What an operator set for the user goes before what the request says (tune_user.lua).
local own = C('HGETALL', P .. ':set:' .. user)
for i = 1, #own, 2 do o[own[i]] = tonumber(own[i + 1]) end

release_due_holds(t)
local m = read(M, 'slots', 'demand', 'eta', 'reserve', 'rtf', 'held', 'kept', 'stay', 'renewed', 'allowed', 'now', 'late', 'late_at')
local slots, demand = num(m.slots, 0), num(m.demand, 0)
local room = live_room(usable_slots(m.slots, m.allowed), m.eta, m.reserve) / lateness(m)
-- `rate`: one job may have the whole pool, or an idle pool that is slower than speech would refuse for ever, and measure nothing.
local a = {t = t, user = user, room = room, rate = class == 'L' and math.min(num(m.rtf, 0) * o.speed, room) or 0,
           taken = demand + num(m.held, 0), kept = num(m.kept, 1), stay = math.max(500, num(m.stay, 20000)), rtf = num(m.rtf, 1)}

local function refuse(verdict, name, after)
  C('HINCRBY', M, 'refused', 1)
  count('refused_' .. name)
  return {verdict, int(after), job}
end

-- A job whose share is held has been spoken: letting in another makes no listener fall silent while the slots are not needed. So up
-- to OVER of the room, and one beyond it in any case, a user that comes at its time gets in while less than SPARE of it is needed
-- for speaking, and any user while no live sentence waits and less than IDLE is needed. Where nothing is spoken, one more is
-- always little.
local OVER, SPARE, IDLE = 1.4, 0.65, 0.3
local function admits(s)
  local need = demand < 1e-9 and 0 or demand + a.rate
  if a.taken > math.max(room * OVER - a.rate, room) + 1e-9 then need = 1e9 end
  if s.mine and s.mine.at <= t and need <= room * SPARE + 1e-9 then return true end
  if need <= room * IDLE + 1e-9 and C('ZCARD', P .. ':tag:L') == 0 then return true end
  return leaves_room(a, s, o.closed == 1 and not o.session and total or a.stay)
end

local jobs, queued = fields(user_key(user), 'jobs', 'queued')
if o.cap_jobs and num(jobs, 0) >= o.cap_jobs then return refuse(CAP_JOBS, 'cap_jobs', 1000) end
if o.cap_queued and total > o.cap_queued then return refuse(TOO_LARGE, 'too_large', 0) end
if o.cap_queued and num(queued, 0) + total > o.cap_queued then return refuse(CAP_QUEUED, 'cap_queued', 1000) end
if o.cap_chars then
  local spent = num(C('HGET', spent_key(t), user), 0)
  for i = 3, #ARGV do spent = spent + count_characters(string.match(ARGV[i], '^%d+|(.*)$')) end
  if spent > o.cap_chars then return refuse(CAP_CHARS, 'cap_chars', DAY - t % DAY) end     -- until the next day
end
local used, maxmemory, limit = memory(o.memory_share)
if maxmemory > 0 and used > limit then return refuse(MEMORY, 'memory', memory_wait_ms(t, o.memory_share)) end
local turn = class == 'L' and o.session and current_turn(user, o.session, t)
if turn then take_over_share(turn)
elseif class == 'L' then
  if slots == 0 then return refuse(NO_WORKERS, 'no_workers', 2000) end
  local s = waitlist_position(a)
  if not admits(s) then return refuse(BUSY, 'busy', assign_waitlist_place(a, s)) end
  if s.mine then leave_waitlist(a, s.mine.name, 1) end
end

local t0 = int(math.max(t + o.target, turn and turn.ends or 0))
C('HSET', key, 'user', user, 'class', class, 'priority', o.priority, 'n', n, 'closed', o.closed, 'next', 0,
  'dispatched', 0, 'acked', 0, 'window', o.window, 'total', total, 'done_ms', 0, 't0', t0, 'started', 0,
  'target', o.target, 'state', 'run', 'rate', a.rate, 'speed', o.speed, 'live', n, 'infl', 0, 'gap', o.gap, 'drain', o.drain,
  'ends_by', int(t + o.timeout), 'seen', int(t), 'grace', o.grace, 'queue_limit', o.queue_limit, 'spec', o.spec,
  'producer', o.producer > 0 and int(t + o.producer) or 0, 'expires', int(t + o.life), 'since', int(t))
if o.play == 'whole' and class == 'L' then C('HSET', key, 'play', 'whole') end
if turn then C('HSET', key, 'turn', turn.since, 'behind', int(turn.ends)) end
if class == 'L' and o.session then C('SET', turn_key(user, o.session), job, 'PX', o.life) end
keep_with_job(job, key, t)
put_texts(job, 0, 3, t)
if idem then
  C('SET', idem, cjson.encode({job = job, drain = o.drain, said = o.said or '', cut = o.cut or ''}), 'PX', o.life)
  C('SET', P .. ':said:' .. job, digests(3) .. (o.closed == 1 and WHOLE or ''), 'PX', o.life)
end
if class == 'L' then C('HINCRBYFLOAT', M, 'demand', a.rate) end
C('HINCRBY', M, 'jobs', 1)
C('HINCRBY', M, 'sentences', n)
count('accepted_' .. class)
keep(M)
renew_keys(t, m.renewed)
local uk = user_key(user)
C('HSET', uk, 'weight', o.weight)
local freed = 0
if o.cap_infl then C('HSET', uk, 'cap_infl', o.cap_infl) else freed = C('HDEL', uk, 'cap_infl') end
if o.cap_chars then C('HSET', uk, 'cap_chars', o.cap_chars) else C('HDEL', uk, 'cap_chars') end
C('HINCRBY', uk, 'jobs', 1)
C('HINCRBYFLOAT', uk, 'queued', total)
keep(uk)
zadd(P .. ':act', t, job)
add_todo(t, 'life', job)
C('UNLINK', P .. ':tl:' .. job)
C('XADD', P .. ':tl:' .. job, int(t) .. '-0', 'e', 'accepted', 'target', o.target)
keep_with_job(job, P .. ':tl:' .. job, t)
record_expected_end(job, {state = 'run', class = class, closed = tostring(o.closed), t0 = t0, total = total, since = t})
if o.closed == 1 and n == 0 then end_job(job, 'spoken', '', t, o.ended_life) else index_job(job, t) end
if freed == 1 then index_user(user, other_class(class)) end
return {ACCEPTED, 0, job}
