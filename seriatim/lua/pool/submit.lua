-- Refuse or accept a job, in one step: admission reads and reserves the same numbers.
-- KEYS[1] pool prefix.  ARGV[1] now, ARGV[2] options as JSON (seriatim/lua/pool_scripts.py: submit), ARGV[3..] "<ms>|<sentence>"
-- Returns {verdict, retry after ms, job id}: ACCEPTED, DUPLICATE (the job that has the key; drain and cut of it follow), BUSY,
-- CAP_JOBS, CAP_QUEUED, MEMORY, NO_WORKERS, TOO_LARGE (one job's queue alone is over the user's cap), CONFLICT (the key's job
-- says something else), RECUT (the key's job was cut otherwise: cut the text as it was, and submit that).
--
-- The key's job is known by its key as long as it may be heard, which for jobs of the store is beyond its hash: JSON with job,
-- drain, said (digest of the spec), cut (how its producer cut the text).
--
-- The job hash: user, class (L live, B batch), priority, n (sentences known), closed, next (first never dispatched),
-- dispatched / acked / window / total / done_ms (ms of audio), t0 (when playback began or should), started, target,
-- heard (ms, the most that was reported), state (run, spoken, cancelled, failed, timed_out), rate (slots it needs), live (sentences not
-- over), infl, gap, drain, ends_by, seen (reader), grace, producer (lease of an open job, 0 for none), queue_limit (ms), spec
-- (JSON), expires, since, ready (since when its next sentence could be dispatched), drawn (timeline), play ("whole": a live job
-- that is played once it is whole; its playback never begins here, and its share is free as soon as it is spoken).
local ACCEPTED, DUPLICATE, BUSY, CAP_JOBS, CAP_QUEUED, MEMORY, NO_WORKERS, TOO_LARGE, CONFLICT, RECUT = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
local t = clock()
local o = cjson.decode(ARGV[2])
local job, user, class = o.job, o.user, o.class
local key, idem = job_key(job), o.key ~= '' and (P .. ':idem:' .. #user .. ':' .. user .. ':' .. o.key)

-- Something of the key's job that a request may not know better: the job as it stands, not as it is asked for now.
local function known_by(name)
  local found = C('GET', name)
  if not found then return nil end
  local k = string.sub(found, 1, 1) == '{' and cjson.decode(found) or {job = found}   -- of an older version: the id alone
  local drain = C('HGET', job_key(k.job), 'drain')
  k.drain = drain or k.drain or o.drain
  -- A job that is over and gone can be heard from the store alone: any other is spoken anew.
  return (drain or k.drain == 'store') and k
end

-- Was the key's job closed by the lease of its producer, and not by a producer? Its end may have been heard, so that nothing can be
-- added: whoever sends the text again has it spoken anew, as another job, which the key stands for from then on.
local function cut_short(name)
  local said = P .. ':said:' .. name
  return C('EXISTS', said) == 1 and C('STRLEN', said) % 4 == 0 and C('HGET', job_key(name), 'closed') ~= '0'
end

if C('EXISTS', key) == 1 then return {DUPLICATE, 0, job, C('HGET', key, 'drain'), o.cut or ''} end
local k = idem and known_by(idem)
if k then
  local cut = k.cut or ''
  if k.said and o.said and k.said ~= o.said then return {CONFLICT, 0, k.job} end
  if cut ~= '' and o.cut and o.cut ~= '' and cut ~= o.cut then return {RECUT, 0, k.job, k.drain, cut} end
  if differs(k.job, 0, digests(3), o.closed == 1) then return {CONFLICT, 0, k.job} end
  if not cut_short(k.job) then return {DUPLICATE, 0, k.job, k.drain, cut} end
end

local total = 0
for i = 3, #ARGV do total = total + tonumber(string.match(ARGV[i], '^(%d+)|')) end

-- What an operator set for the user goes before what the request says (tune_user.lua).
local own = C('HMGET', P .. ':set:' .. user, 'weight', 'cap_jobs', 'cap_queued', 'cap_infl')
o.weight, o.cap_jobs = num(own[1], o.weight), num(own[2], o.cap_jobs)
o.cap_queued, o.cap_infl = num(own[3], o.cap_queued), num(own[4], o.cap_infl)

let_go_due(t)
local m = C('HMGET', M, 'slots', 'demand', 'eta', 'reserve', 'rtf', 'held', 'kept', 'stay')
local slots, rate, demand, kept = num(m[1], 0), 0, num(m[2], 0), num(m[7], 1)
local taken = demand + num(m[6], 0)     -- shares of those who listen, spoken to the end or not
local room = room_of(m[1], m[3], m[4])
local function refuse(verdict, name, after)
  C('HINCRBY', M, 'refused', 1)
  count('refused_' .. name)
  return {verdict, int(after), job}
end

-- The line (:line, place -> when it was told to come): whoever was refused for want of room is expected back MARGIN ms after a
-- listener will have heard its end, and newcomers get in only where that leaves it its room. A place lapses HOLD ms after its
-- time; as only a part of those who were refused come back, only the part that did of late is kept free. A user has PLACES at
-- most, the line MOST: who asks again and again keeps no room from others. A place of a barge-in (b...) comes before all.
local HOLD, PLACES, MOST, MARGIN = 1000, 8, 256, 200
-- Who is held has been spoken: letting in another makes nobody fall silent while the slots are not needed. So up to OVER of the
-- room, and one beyond it in any case, who comes when it was told to gets in while less than SPARE of it is needed for speaking,
-- and anybody while no live sentence waits and less than IDLE is needed. Where nobody speaks, one more is always little.
local OVER, SPARE, IDLE = 1.4, 0.65, 0.3
local stay = math.max(500, num(m[8], 20000))
local LINE, ENDS = P .. ':line', P .. ':ends'

-- Places that will be taken, of so many: nine times in ten it is no more than the mean and 1.3 deviations.
local function held(n) return math.min(n, kept * n + 1.3 * math.sqrt(math.max(0, kept * (1 - kept) * n))) end

local function came(place, share)
  C('ZREM', LINE, place)
  if string.sub(place, 1, 1) ~= 'b' then kept = kept * 0.95 + share * 0.05; C('HSET', M, 'kept', kept) end
end

-- The user's first place, how many stand before it (of all, if it has none), how many are its own, and the time of its last.
-- Who stood there first is first, whatever times were told since: a late promise moves nobody behind another. `others` are
-- those that keep their room from the user, by their times.
local function stand()
  for _, place in ipairs(C('ZRANGEBYSCORE', LINE, '-inf', t - HOLD - 1, 'LIMIT', 0, MOST)) do came(place, 0) end
  local s = {all = 0, n = 0, others = {}, last = 0}
  local places = {}
  local found = C('ZRANGE', LINE, 0, -1, 'WITHSCORES')
  for i = 1, #found, 2 do
    local barge, number, whose = string.match(found[i], '^(b?)(%d+)|(.*)$')
    local place = {name = found[i], at = tonumber(found[i + 1]), rank = tonumber(number)}
    if barge == 'b' then place.rank = -place.rank end
    places[#places + 1] = place
    if whose == user then
      if not s.mine or place.rank < s.mine.rank then s.mine = place end
      s.n, s.last = s.n + 1, place.at
    end
  end
  for _, place in ipairs(places) do
    if not s.mine or (s.mine.rank > 0 and place.rank < s.mine.rank) then s.others[#s.others + 1] = place end
  end
  s.all, s.places = #places, places
  return s
end

-- When shares become free, in order: as live jobs are heard out, and as those in the line will be, who come when they were told
-- to and stay as long as live jobs do on average. Who is late is expected anew.
local function releases(s)
  for _, late in ipairs(C('ZRANGEBYSCORE', ENDS, '-inf', t, 'LIMIT', 0, 16)) do
    local h = C('HMGET', job_key(late), 'total', 'done_ms')
    zadd(ENDS, t + math.max(500, (num(h[1], 0) - num(h[2], 0)) * num(m[5], 1)), late)
  end
  local at = {}
  for _, key in ipairs({ENDS, P .. ':held'}) do
    local found = C('ZRANGE', key, 0, 2 * MOST, 'WITHSCORES')
    for i = 2, #found, 2 do at[#at + 1] = tonumber(found[i]) end
  end
  for _, place in ipairs(s.others) do at[#at + 1] = place.at + stay end
  table.sort(at)
  return at
end

-- Would one who comes now and stays so long leave each in the line before its end the room that it was promised?
local function leaves_room(s, lasts)
  if taken + rate > room + 1e-9 then return false end
  if #s.others == 0 then return true end
  local free, n, e = releases(s), 0, 0
  for _, place in ipairs(s.others) do
    if place.at > t + lasts then break end
    n = n + 1
    while free[e + 1] and free[e + 1] <= place.at do e = e + 1 end
    if taken + (1 + held(n) - e) * rate > room + 1e-9 then return false end
  end
  return true
end

-- When there will be room for one more behind all who stand in the line: its place, and how long until then.
local function promise(s)
  local again = s.mine and s.mine.at <= t     -- it came when it was told to, and its room is late: it keeps its turn
  if not again and s.n >= PLACES then return math.max(500, s.last - t) end
  if not again then s.others = s.places end
  local per = math.max(rate, 1e-6)
  local k = math.max(1, math.min(1e6, math.ceil((taken + (held(#s.others) + 1) * rate - room) / per - 1e-9)))
  local expected = releases(s)[k] or t + stay * math.max(1, k * rate / math.max(rate, taken, 1e-6))
  local at = math.ceil(math.max(t + 500, expected + MARGIN))
  local number
  if again then C('ZREM', LINE, s.mine.name); number = s.mine.rank
  elseif s.all < MOST then number = C('HINCRBY', M, 'places', 1) end
  if number then zadd(LINE, at, string.format('%s%.0f|%s', number < 0 and 'b' or '', math.abs(number), user)) end
  return at - t
end

local u = C('HMGET', user_key(user), 'jobs', 'queued')
if o.cap_jobs and num(u[1], 0) >= o.cap_jobs then return refuse(CAP_JOBS, 'cap_jobs', 1000) end
if o.cap_queued and total > o.cap_queued then return refuse(TOO_LARGE, 'too_large', 0) end
if o.cap_queued and num(u[2], 0) + total > o.cap_queued then return refuse(CAP_QUEUED, 'cap_queued', 1000) end
local used, maxmemory, limit = memory(o.memory_share)
if maxmemory > 0 and used > limit then return refuse(MEMORY, 'memory', memory_again(t, o.memory_share)) end
if class == 'L' then
  if slots == 0 then return refuse(NO_WORKERS, 'no_workers', 2000) end
  -- One job may have the whole pool: an idle pool that is slower than speech would refuse for ever, and measure nothing.
  rate = math.min(num(m[5], 0) * o.speed, room)
  local s = stand()
  local need = demand < 1e-9 and 0 or demand + rate
  if taken > math.max(room * OVER - rate, room) + 1e-9 then need = 1e9 end
  local told = s.mine and s.mine.at <= t and need <= room * SPARE + 1e-9
  local idle = need <= room * IDLE + 1e-9 and C('ZCARD', P .. ':tag:L') == 0
  if not (told or idle or leaves_room(s, o.closed == 1 and total or stay)) then return refuse(BUSY, 'busy', promise(s)) end
  if s.mine then came(s.mine.name, 1) end
end

local expires = t + o.life
C('HSET', key, 'user', user, 'class', class, 'priority', o.priority, 'n', #ARGV - 2, 'closed', o.closed, 'next', 0,
  'dispatched', 0, 'acked', 0, 'window', o.window, 'total', total, 'done_ms', 0, 't0', int(t + o.target), 'started', 0,
  'target', o.target, 'state', 'run', 'rate', rate, 'live', #ARGV - 2, 'infl', 0, 'gap', o.gap, 'drain', o.drain,
  'ends_by', int(t + o.timeout), 'seen', int(t), 'grace', o.grace, 'queue_limit', o.queue_limit, 'spec', o.spec,
  'producer', o.producer > 0 and int(t + o.producer) or 0, 'expires', int(expires), 'since', int(t))
if o.play == 'whole' and class == 'L' then C('HSET', key, 'play', 'whole') end
life_of(job, key)
for i = 3, #ARGV do C('HSET', P .. ':jt:' .. job, i - 3, ARGV[i]) end
if #ARGV > 2 then life_of(job, P .. ':jt:' .. job) end
if idem then
  C('SET', idem, cjson.encode({job = job, drain = o.drain, said = o.said or '', cut = o.cut or ''}), 'PX', o.life)
  C('SET', P .. ':said:' .. job, digests(3) .. (o.closed == 1 and WHOLE or ''), 'PX', o.life)
end
if class == 'L' then C('HINCRBYFLOAT', M, 'demand', rate) end
C('HINCRBY', M, 'jobs', 1)
C('HINCRBY', M, 'sentences', #ARGV - 2)
count('accepted_' .. class)
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
C('UNLINK', P .. ':tl:' .. job)
C('XADD', P .. ':tl:' .. job, int(t) .. '-0', 'e', 'accepted', 'target', o.target)
life_of(job, P .. ':tl:' .. job)
expect_end(job)
if o.closed == 1 and #ARGV == 2 then end_job(job, 'spoken', '', t, o.ended_life) else index_job(job, t) end
if freed == 1 then index_user(user, other(class)) end
return {ACCEPTED, 0, job}
