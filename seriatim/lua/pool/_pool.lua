-- The prelude of every pool script: the clock, users, tags, indexes, leases, the end of a job.
-- KEYS[1] is the pool's prefix; ARGV[1] is the time in ms, or '' for the server's clock.
local P = KEYS[1]
local C = redis.call
local M = P .. ':m'
local POOL_LIFE = 604800000
local RANK = 1e13          -- one step of priority, in ms: above every deadline, so that priorities never mix
local EVENTS = 512         -- of a job's timeline: about 45 kB (decisions/0012)

local function num(x, default)
  if x then return tonumber(x) end
  return default
end

-- Lua prints 14 digits; attempts and times may have more.
local function int(x) return string.format('%.0f', x) end

local function keep(key) C('PEXPIRE', key, POOL_LIFE) end

local function zadd(key, score, member)
  C('ZADD', key, score, member)
  keep(key)
end

-- One clock for everybody: the server's, made monotone. A backward step becomes a stored offset; a forward step of more
-- than ten seconds between two calls is absorbed, so that an hour's jump reaps nothing and delays nothing.
local function clock()
  local raw
  if ARGV[1] ~= '' then raw = tonumber(ARGV[1])
  else local t = C('TIME'); raw = t[1] * 1000 + math.floor(t[2] / 1000) end
  local m = C('HMGET', M, 'now', 'off')
  local last, off = num(m[1]), num(m[2], 0)
  if not last then C('HSET', M, 'now', int(raw), 'off', 0); keep(M); return raw end
  local t = raw + off
  if t < last or t > last + 10000 then off = off + (last - t); t = last; C('HSET', M, 'off', int(off)) end
  if t ~= last then C('HSET', M, 'now', int(t)) end
  return t
end

-- What was said under an idempotency key (:said:<job>): four bytes of a digest a sentence, and WHOLE when its producer closed it.
-- Whoever sends it again goes on where it stopped; another text is refused. It lives as long as the key.
local WHOLE = '.'

local function digests(from)
  local found = {}
  for i = from, #ARGV do
    local sentence = string.match(ARGV[i], '|(.*)$')     -- without its estimate, which another version makes otherwise
    found[#found + 1] = struct.pack('>I4', tonumber(string.sub(redis.sha1hex(sentence), 1, 8), 16))
  end
  return table.concat(found)
end

-- Is something else known, from sentence `first` on, than what is sent now? With `last` nothing may be known behind it.
local function differs(job, first, sent, last)
  local key = P .. ':said:' .. job
  local size = C('STRLEN', key)
  local n, behind = math.floor(size / 4), first + #sent / 4
  if size > 0 and ((size % 4 == 1 and behind > n) or (last and behind < n)) then return true end
  local both = math.min(n, behind) - first
  return both > 0 and C('GETRANGE', key, 4 * first, 4 * (first + both) - 1) ~= string.sub(sent, 1, 4 * both)
end

local function job_key(job) return P .. ':j:' .. job end
local function user_key(user) return P .. ':u:' .. user end
local function member(job, seq) return job .. '|' .. seq end

-- A counter that only rises (docs/reference/metrics.md).
local function count(name, by)
  if C('HINCRBY', P .. ':n', name, int(by or 1)) == (by or 1) then keep(P .. ':n') end
end

-- Count a time in the bucket of the smallest bound that holds it.
local function measure(name, ms, bounds)
  for _, bound in ipairs(bounds) do
    if ms <= bound then return count(name .. ':' .. bound) end
  end
  count(name .. ':inf')
end

-- One line of a job's timeline, if it has one still: what is shown to people must never end a step.
local function event(job, t, kind, ...)
  redis.pcall('XADD', P .. ':tl:' .. job, 'NOMKSTREAM', 'MAXLEN', '~', EVENTS, int(t) .. '-*', 'e', kind, ...)
end

-- The share of the slots open to live jobs that they need. Whoever degrades reads it: first batch looks less far ahead,
-- then first pieces and chunks become smaller, then new live jobs are refused.
local function room_of(slots, eta, reserve) return num(eta, 1) * (1 - num(reserve, 0)) * num(slots, 0) end

local function load_now()
  local m = C('HMGET', M, 'demand', 'slots', 'eta', 'reserve')
  local room = room_of(m[2], m[3], m[4])
  if room > 0 then return num(m[1], 0) / room end
  return num(m[1], 0) > 0 and 1 or 0
end

-- 1 up to `from`, falling to a quarter where everything is needed.
local function squeeze(load, from) return math.max(0.25, math.min(1, (1 - load) / (1 - from))) end
local function batch_share() return squeeze(load_now(), 0.7) end
local function chunk_share() return squeeze(load_now(), 0.85) end

-- A sentence that was begun. States: D dispatched, R running, Q waits for another attempt, X given up, to be filled.
-- `at`: D: since when it could have been dispatched; R: since when it is spoken.
local function sentence_get(job, seq)
  local packed = C('HGET', P .. ':js:' .. job, seq)
  if not packed then return nil end
  local st, att, fails, cost, ms, pos, at, suspect, owner =
    string.match(packed, '^(%a),(%d+),(%d+),([%d%.]+),(%d+),(%d+),(%d+),(%d),(.*)$')
  return {st = st, att = tonumber(att), fails = tonumber(fails), cost = tonumber(cost), ms = tonumber(ms),
          pos = tonumber(pos), at = tonumber(at), suspect = tonumber(suspect), owner = owner}
end

local function sentence_put(job, seq, s)
  C('HSET', P .. ':js:' .. job, seq, string.format('%s,%.0f,%d,%.3f,%.0f,%.0f,%.0f,%d,%s',
    s.st, s.att, s.fails, s.cost, s.ms, s.pos, s.at, s.suspect, s.owner))
end

-- The pool's keys of a job outlast it by the pool's own life: it is the sweep that ends a job, in the pool's time. Were Redis
-- to expire them first (the whole system was down, the server's clock was set forward), counts would stay behind for ever.
local function life_of(job, key)
  local expires = num(C('HGET', job_key(job), 'expires'))
  local last = num(C('HGET', M, 'now'), 0)
  C('PEXPIRE', key, expires and math.max(0, expires - last) + POOL_LIFE or 60000)
end

-- Put a user where it belongs: without work (finish tag kept), waiting (tag), or eligible (tag and deadline).
-- A user at its cap of sentences in flight is without work: its tag must not hold back the virtual time of the others.
-- Eligible is S <= E, the largest V + theta so far (pick moves it and lets in whom it passes). V + theta itself will not do:
-- theta changes with every finish, and a user that a grown theta let in here and nobody promoted would wait for ever.
-- Of the policies that ours is compared with (see `policy` in settings.py) fifo and round_robin let everybody in; fifo's order
-- is that of the jobs' submission, round_robin's that of the users' last turns (the fence then), a newcomer's being now.
local function index_user(user, class)
  local uq, tags, elig = P .. ':uq:' .. class .. ':' .. user, P .. ':tag:' .. class, P .. ':elig:' .. class
  local head = C('ZRANGE', uq, 0, 0, 'WITHSCORES')
  local u = C('HMGET', user_key(user), 'infl', 'cap_infl', 'F_' .. class)
  local S = num(C('ZSCORE', tags, user))
  if #head == 0 or num(u[1], 0) >= num(u[2], 1e9) then
    if S then
      C('HSET', user_key(user), 'F_' .. class, S)
      C('ZREM', tags, user)
      C('ZREM', elig, user)
    end
    return
  end
  local m = C('HMGET', M, 'V_' .. class, 'E_' .. class, 'policy', 'fence')
  local turns = m[3] == 'round_robin'
  if not S then
    S = math.max(num(m[1], 0), num(u[3], 0))
    zadd(tags, S, user)
    if turns then C('HSET', user_key(user), 'turn_' .. class, m[4] or 0) end
  end
  local place = turns and num(C('HGET', user_key(user), 'turn_' .. class), 0) or tonumber(head[2]) % RANK
  if S <= num(m[2], 0) then zadd(elig, place, user) else C('ZREM', elig, user) end
end

local function other(class) return class == 'L' and 'B' or 'L' end

-- The most urgent ready retry of a job (lowest seq), and the time at which the next one becomes ready.
local function ready_retry(job, t)
  local jr = P .. ':jr:' .. job
  local best
  for _, seq in ipairs(C('ZRANGEBYSCORE', jr, '-inf', t)) do
    local n = tonumber(seq)
    if not best or n < best then best = n end
  end
  local later = C('ZRANGEBYSCORE', jr, '(' .. int(t), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  return best, later[2] and tonumber(later[2])
end

-- Where the last sentence of a job begins, if it is as long as the others: what is played when it is whole has no earlier deadline,
-- so that one file ends after the other, the short before the long, and each before listeners would wait for its end.
local function last_of(total, n) return tonumber(total) * (1 - 1 / math.max(1, tonumber(n))) end

-- Is a sentence of this job dispatchable now, and by when must it be heard? Returns the deadline, or nil.
-- Live: when playback reaches it, or its last sentence if it is played when it is whole. Batch, and everybody under another policy than fair: in the order of submission.
local function due_of(job, t)
  local h = C('HMGET', job_key(job), 'state', 'n', 'next', 'dispatched', 'acked', 'window', 't0', 'class', 'since', 'play', 'total')
  if h[1] ~= 'run' then return nil end
  local best, later = ready_retry(job, t)
  if later then zadd(P .. ':delay', later, job) else C('ZREM', P .. ':delay', job) end
  local t0, dispatched = tonumber(h[7]), tonumber(h[4])
  local position
  if best then position = sentence_get(job, best).pos
  elseif tonumber(h[3]) == tonumber(h[2]) then return nil
  else position = dispatched end
  local fair = (C('HGET', M, 'policy') or 'fair') == 'fair'
  local ahead, window = dispatched - tonumber(h[5]), tonumber(h[6])
  if not best and ahead >= window then return nil end
  -- Only load holds it back: the sweep looks at it again.
  if not best and fair and h[8] == 'B' and ahead >= window * batch_share() then zadd(P .. ':shut', t, job) return nil end
  if not fair then return tonumber(h[9]) end
  if h[8] == 'B' then return t0 end
  if h[10] then return t0 + last_of(h[11], h[2]) end
  return t0 + position
end

local function index_job(job, t)
  local h = C('HMGET', job_key(job), 'user', 'class', 'priority', 'ready')
  C('ZREM', P .. ':shut', job)
  if not h[1] then C('ZREM', P .. ':delay', job) return end
  local uq = P .. ':uq:' .. h[2] .. ':' .. h[1]
  local due = due_of(job, t)
  if due then zadd(uq, math.max(0, due) - num(h[3], 0) * RANK, job) else C('ZREM', uq, job) end
  if due and not h[4] then C('HSET', job_key(job), 'ready', int(t))     -- since when it waits for a slot
  elseif h[4] and not due then C('HDEL', job_key(job), 'ready') end
  index_user(h[1], h[2])
  if C('HEXISTS', user_key(h[1]), 'cap_infl') == 1 then index_user(h[1], other(h[2])) end   -- the cap spans both classes
  return due ~= nil
end

-- How many sentences may be dispatched now. The slack hides the time between a finish and the next message (some 4 ms). Where
-- sentences take far longer it would only make whoever comes next wait for one sentence more (measured at 15 listeners and 1.1 s
-- a sentence: first audio p95 1.06 s with it, 0.62 s without).
local LONG = 250     -- ms of a sentence's mean cost
local function room()
  local m = C('HMGET', M, 'infl', 'slots', 'slack', 'cost')
  return num(m[2], 0) + (num(m[4], 0) < LONG and num(m[3], 0) or 0) - num(m[1], 0)
end

-- Tell one sleeping dispatcher that there is work for a free slot. At most one element: a doorbell, not a queue.
local function wake()
  if room() > 0 and C('LLEN', P .. ':wake') == 0 then
    C('RPUSH', P .. ':wake', 1)
    keep(P .. ':wake')
  end
end

-- Charge (or, negative, give back) synthesis time to a user's share. The caller indexes the job afterwards.
local function charge(user, class, cost)
  local u = C('HMGET', user_key(user), 'weight', 'F_' .. class)
  local delta = cost / num(u[1], 1)
  local S = num(C('ZSCORE', P .. ':tag:' .. class, user))
  if S then
    zadd(P .. ':tag:' .. class, S + delta, user)
  elseif C('EXISTS', user_key(user)) == 1 then
    C('HSET', user_key(user), 'F_' .. class, num(u[2], 0) + delta)
  end
end

-- Take a sentence out of flight: its lease, its outbox entry, its place in the counts.
local function land(job, seq, s, user)
  local name = member(job, seq)
  C('ZREM', P .. ':lease', name)
  C('ZREM', P .. ':yields', name)
  C('ZREM', P .. ':outbox', name .. '|' .. int(s.att))
  if s.owner ~= '' then
    C('HDEL', P .. ':run:' .. s.owner, name)
    local w = P .. ':w:' .. s.owner
    if C('HGET', w, 'alone') == name then C('HDEL', w, 'alone') end
  end
  C('HINCRBY', M, 'infl', -1)
  C('HINCRBY', user_key(user), 'infl', -1)
  C('HINCRBY', job_key(job), 'infl', -1)
end

local function todo(t, ...)
  zadd(P .. ':todo', t, table.concat({...}, '|'))
end

-- Set a sentence back to waiting. `not_before` in ms.
local function requeue(job, seq, s, not_before)
  s.st, s.owner = 'Q', ''
  sentence_put(job, seq, s)
  local jr = P .. ':jr:' .. job
  C('ZADD', jr, int(not_before), seq)
  life_of(job, jr)
end

-- A user with no live job is forgotten once its finish tags are behind the virtual time; until then it has a short life.
local function leave(user)
  local u = C('HMGET', user_key(user), 'F_L', 'F_B')
  local m = C('HMGET', M, 'V_L', 'V_B')
  if num(u[1], 0) <= num(m[1], 0) and num(u[2], 0) <= num(m[2], 0) then C('DEL', user_key(user))
  else C('PEXPIRE', user_key(user), 600000) end
end

-- A newcomer needs its share a moment before whoever it follows has heard its end: for its first sentence.
local function early(t0, since) return math.min(1000, math.max(0, tonumber(t0) - tonumber(since))) end

-- When a live job whose text is whole will need its share of the slots no more: its listener hears the end soon.
local function expect_end(job)
  local h = C('HMGET', job_key(job), 'state', 'class', 'closed', 't0', 'total', 'since')
  if h[1] == 'run' and h[2] == 'L' and h[3] == '1' then zadd(P .. ':ends', tonumber(h[4]) + tonumber(h[5]) - early(h[4], h[6]), job) end
end

-- Spoken ahead of its listener, a live job keeps its share until the end is heard (:held, job|rate -> when). Otherwise each
-- would make way for another as soon as it is spoken, and the slots would have to speak faster than everybody listens.
local function hold(job, rate, at)
  zadd(P .. ':held', at, job .. '|' .. rate)
  C('HINCRBYFLOAT', M, 'held', rate)
end

local function let_go(one)
  if C('ZREM', P .. ':held', one) == 0 then return false end
  if C('ZCARD', P .. ':held') == 0 then C('HSET', M, 'held', 0)     -- no drift of floats
  else C('HINCRBYFLOAT', M, 'held', '-' .. string.match(one, '|(.*)$')) end
  return true
end

local function let_go_due(t)
  for _, one in ipairs(C('ZRANGEBYSCORE', P .. ':held', '-inf', t, 'LIMIT', 0, 256)) do let_go(one) end
end

-- About how much audio a running attempt has made, in ms.
local function made(s, t)
  if s.st ~= 'R' then return 0 end
  return math.floor(math.min(s.ms, math.max(0, t - s.at) / num(C('HGET', M, 'rtf'), 1)) + 1e-6)
end

-- Bytes of memory used, the most that may be (0: any number), and what of them new jobs may fill.
local function memory(share)
  local found = C('INFO', 'memory')
  local function of(name) return num(string.match(found, '\n' .. name .. ':(%d+)'), 0) end
  return of('used_memory'), of('maxmemory'), share * of('maxmemory'), of('used_memory_dataset')
end

-- How long until there is memory for new jobs: as many jobs of this pool must come to their end as hold what is too much, each taken
-- to hold as much as the others. What was read to its end goes within FREED (lua/job/due.lua). What was spoken (:rest) is read by the
-- time at which it will have been heard, or else goes when the life of its stream is over. Where nothing is known to end, a recorder
-- may be about to make room.
local FREED, SOMETIME = 1000, 5000
local function memory_again(t, share)
  local used, _, limit, dataset = memory(share)
  local function each(key, take)
    local found = C('ZRANGE', key, 0, 255, 'WITHSCORES')
    for i = 1, #found, 2 do take(string.match(found[i], '^[^|]+'), tonumber(found[i + 1])) end
  end
  local ends, at = {}, {}
  each(P .. ':rest', function(job, when) ends[job] = when end)
  each(P .. ':held', function(job, when) ends[job] = ends[job] and when or t end)
  each(P .. ':ends', function(job, when) ends[job] = when end)
  for _, when in pairs(ends) do at[#at + 1] = when end
  if #at == 0 then return SOMETIME end
  table.sort(at)
  local k = math.ceil((used - limit) * #at / math.max(1, dataset))
  return math.max(0, at[math.max(1, math.min(#at, k))] - t) + FREED
end

-- Tell the process that speaks a sentence that nobody wants it any more: it hears of it before its next chunk is due.
local function hush(job, seq, s)
  local drop = P .. ':drop:' .. s.owner
  C('RPUSH', drop, member(job, seq) .. '|' .. int(s.att))
  C('PEXPIRE', drop, 10000)
end

-- A job that ended early: `unmade` ms of audio were never made (saved), and of what was made the unheard was made in vain.
local function count_early_end(h, begun_ms, partly_ms, t)
  local acked, spoken = num(h[7], 0), num(h[9], 0) - begun_ms
  local heard = acked
  if h[2] == 'L' then heard = num(h[8], h[11] == '1' and math.min(acked, t - tonumber(h[10])) or 0) end
  count('wasted_ms', math.floor(math.max(0, spoken - heard) + partly_ms + 1e-6))
  count('saved_ms', math.floor(math.max(0, num(h[4], 0) - num(h[5], 0) - partly_ms) + 1e-6))
end

-- The pool's part of a job is over: `state` is spoken, cancelled or failed. O(sentences in flight), not O(sentences).
local function end_job(job, state, reason, t, ended_life)
  local key = job_key(job)
  local h = C('HMGET', key, 'user', 'class', 'rate', 'total', 'done_ms', 'state', 'acked', 'heard', 'dispatched', 't0',
    'started', 'live', 'since', 'play', 'drain')
  if h[6] ~= 'run' then return false end
  local user, class = h[1], h[2]
  C('HSET', key, 'state', state, 'reason', reason, 'ended', int(t), 'expires', int(t + ended_life))
  local begun_ms, partly_ms = 0, 0
  for _, seq in ipairs(C('HKEYS', P .. ':js:' .. job)) do
    local s = sentence_get(job, seq)
    begun_ms, partly_ms = begun_ms + s.ms, partly_ms + made(s, t)
    if s.st == 'R' then hush(job, seq, s) end
    if s.st == 'D' or s.st == 'R' then land(job, seq, s, user); charge(user, class, -s.cost) end
  end
  count('ended_' .. state)
  if state == 'spoken' and h[15] == 'window' then zadd(P .. ':rest', t + ended_life, job) end
  if state ~= 'spoken' then count_early_end(h, begun_ms, partly_ms, t) end
  event(job, t, 'end', 'state', state)
  C('PEXPIRE', P .. ':tl:' .. job, ended_life)
  C('UNLINK', P .. ':js:' .. job, P .. ':jr:' .. job, P .. ':jt:' .. job)   -- a book's text goes in the background
  C('ZREM', P .. ':delay', job)
  C('ZREM', P .. ':shut', job)
  C('ZREM', P .. ':act', job)
  C('ZREM', P .. ':ends', job)
  index_job(job, t)
  C('HINCRBY', M, 'sentences', 0 - num(h[12], 0))     -- minus nothing would be -0
  C('HINCRBYFLOAT', user_key(user), 'queued', -(num(h[4], 0) - num(h[5], 0)))
  if class == 'L' then
    C('HINCRBYFLOAT', M, 'demand', -num(h[3], 0))
    local heard_out = tonumber(h[10]) + tonumber(h[9]) - early(h[10], h[13])
    if state ~= 'spoken' or h[14] or heard_out <= t then heard_out = t else hold(job, h[3], heard_out) end
    local lasts = heard_out - num(h[13], t)
    local stay = num(C('HGET', M, 'stay'), lasts)
    C('HSET', M, 'stay', stay + (lasts - stay) / 30)     -- how long a live job stays, of the last 30 or so
  end
  if C('HINCRBY', user_key(user), 'jobs', -1) <= 0 then leave(user) end
  if C('HINCRBY', M, 'jobs', -1) <= 0 then C('HSET', M, 'demand', 0) end   -- no drift of floats outlives the last job
  C('PEXPIRE', key, ended_life)
  wake()
  return true
end

-- A sentence is over: counts, and the end of the job if it was the last one.
local function settle(job, seq, est_ms, actual_ms, t, ended_life)
  local key = job_key(job)
  C('HDEL', P .. ':js:' .. job, seq)
  C('HDEL', P .. ':jt:' .. job, seq)
  C('HINCRBYFLOAT', key, 'dispatched', actual_ms - est_ms)
  C('HINCRBYFLOAT', key, 'total', actual_ms - est_ms)
  C('HINCRBYFLOAT', key, 'done_ms', actual_ms)
  C('HINCRBYFLOAT', user_key(C('HGET', key, 'user')), 'queued', -est_ms)
  local live = C('HINCRBY', key, 'live', -1)
  C('HINCRBY', M, 'sentences', -1)
  C('HINCRBY', M, 'done', 1)
  expect_end(job)
  if live <= 0 and C('HGET', key, 'closed') == '1' then end_job(job, 'spoken', '', t, ended_life) end
end

-- The dead-letter list keeps the newest DEAD_MOST sentences of POOL_LIFE, each with all it takes to speak it again (decisions/0014).
local DEAD_MOST = 1000

local function mourn(name, t, told)
  local order = P .. ':dead:at'
  C('HSET', P .. ':dead', name, told)
  keep(P .. ':dead')
  zadd(order, t, name)
  local gone = C('ZRANGEBYSCORE', order, '-inf', int(t - POOL_LIFE), 'LIMIT', 0, 128)
  for _, oldest in ipairs(C('ZRANGE', order, 0, -DEAD_MOST - 1)) do gone[#gone + 1] = oldest end
  for _, old in ipairs(gone) do C('HDEL', P .. ':dead', old); C('ZREM', order, old) end
end

-- A sentence is given up: the gap policy decides. `job|seq` stands in the dead-letter list until an operator takes it out.
-- `refused`: the engine cannot do what the caller wants. That is no dead letter. `whole`: nor for any other sentence of the job, which
-- fails: its options are wrong, and a book of silence would be no answer.
local function bury(job, seq, s, reason, t, ended_life, refused, whole)
  local h = C('HMGET', job_key(job), 'gap', 'spec', 'user')
  local text = C('HGET', P .. ':jt:' .. job, seq) or ''
  if not refused then
    mourn(member(job, seq), t, cjson.encode({reason = reason, at = int(t), failures = s.fails, sentence = text,
      spec = h[2] or '', user = h[3] or ''}))
    C('HINCRBY', M, 'given_up', 1)
  end
  s.st, s.owner = 'X', ''
  sentence_put(job, seq, s)     -- it is out of flight: the end of the job must not take it out again
  if h[1] == 'fail' or whole then
    local why = 'sentence ' .. seq .. ': ' .. reason
    todo(t, 'end', job, 'failed', why)
    end_job(job, 'failed', why, t, ended_life)
  else
    todo(t, 'fill', job, seq, h[1] == 'silence' and s.ms or 0, reason)
    index_job(job, t)
  end
end

local LENGTHS = {1000, 2000, 5000, 10000, 20000, 30000, 60000}    -- of sentences, in ms; as seriatim/pool_metrics.py has them

-- An attempt came to nothing. With `blame` it counts towards `max_failures`; back-off doubles with each failure.
local function give_back(job, seq, s, user, class, blame, reason, t, max_failures, backoff, ended_life)
  if s.st == 'R' then
    count('wasted_ms', made(s, t))
    event(job, t, 'lost', 'seq', seq, 'attempt', int(s.att), 'owner', s.owner, 'claimed', int(s.at), 'reason', reason)
  end
  land(job, seq, s, user)
  charge(user, class, -s.cost)
  if blame then s.fails = s.fails + 1 end
  if blame and max_failures > 0 then measure('failed', s.ms, LENGTHS) end
  if s.fails >= max_failures then return bury(job, seq, s, reason, t, ended_life, max_failures <= 0, max_failures < 0) end
  requeue(job, seq, s, blame and t + backoff * 2 ^ (s.fails - 1) or t)
  C('HINCRBY', M, 'retries', 1)
  index_job(job, t)
end

-- The slots of the workers that are registered now, and the slack: a few sentences may wait in the queue, so that a slot
-- that becomes free need not wait for a dispatch. And what their engines can be asked for, each different answer once: any
-- worker may get any sentence, so producers ask for what all of them can do.
local function count_slots()
  local slots, seen, abilities = 0, {}, {}
  for _, owner in ipairs(C('ZRANGE', P .. ':wk', 0, -1)) do
    local w = C('HMGET', P .. ':w:' .. owner, 'slots', 'abilities')
    slots = slots + num(w[1], 0)
    if w[2] and w[2] ~= '' and not seen[w[2]] then
      seen[w[2]] = true
      abilities[#abilities + 1] = w[2]
    end
  end
  C('HSET', M, 'slots', slots, 'slack', slots == 0 and 0 or math.ceil(slots / 4),
    'abilities', '[' .. table.concat(abilities, ',') .. ']')
  return slots
end

-- A worker process is no more. A sentence that was alone in it may have killed it, and is blamed; of several, nobody knows
-- which, so each becomes a suspect and runs alone next time. `blame` false: it left in order, nobody is to blame.
local function forget_owner(owner, blame, reason, t, max_failures, backoff, ended_life)
  local run = C('HKEYS', P .. ':run:' .. owner)
  for _, name in ipairs(run) do
    local job, seq = string.match(name, '^(.*)|(%d+)$')
    local s = sentence_get(job, seq)
    if s and s.st == 'R' and s.owner == owner then
      if blame and #run > 1 then s.suspect = 1 end
      local h = C('HMGET', job_key(job), 'user', 'class')
      give_back(job, seq, s, h[1], h[2], blame and #run == 1, reason, t, max_failures, backoff, ended_life)
    end
  end
  C('DEL', P .. ':run:' .. owner, P .. ':w:' .. owner)
  C('ZREM', P .. ':wk', owner)
  count_slots()
end
