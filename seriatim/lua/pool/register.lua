-- requires: clock, capacity, workers
-- A worker process that has loaded and warmed up its engine offers its slots.
-- KEYS[1] pool prefix.  ARGV: now, owner, life ms, facts as JSON (slots, rate_hz, continuity, rtf, eta, reserve, limit_chars,
-- merge_chars, limits, abilities and voices (JSON texts), fingerprint of its audio ('' if its engine is not exact), hot (its slots take
-- short sentences without messages), ahead (it may hold one more), and what is only shown: engine, host, pid, ready_ms)
-- Returns {1, the pool's fingerprint}, or {0, rate_hz} if the pool speaks at another rate while workers or jobs of it live: one pool, one rate.
local t = clock()
local _, owner, life, facts = unpack(ARGV)
local f = cjson.decode(facts)
local rate_hz, rtf, engine = fields(M, 'rate_hz', 'rtf', 'engine')
rate_hz = num(rate_hz)
local others = C('ZCARD', P .. ':wk') - (C('ZSCORE', P .. ':wk', owner) and 1 or 0)
if rate_hz and rate_hz ~= f.rate_hz and (others > 0 or C('ZCARD', P .. ':act') > 0) then return {0, rate_hz} end
C('HSET', M, 'rate_hz', f.rate_hz, 'continuity', f.continuity, 'eta', f.eta, 'reserve', f.reserve,
  'limit_chars', f.limit_chars, 'merge_chars', f.merge_chars, 'limits', f.limits, 'engine', f.engine)
if engine and engine ~= f.engine then C('HDEL', M, 'silence', 'silences', 'handovers_left') end     -- another engine is silent for other times
if not rtf then C('HSET', M, 'rtf', f.rtf) end
keep(M)
C('SET', P .. ':voices', f.voices, 'PX', POOL_LIFE)
local w = P .. ':w:' .. owner
C('HSET', w, 'slots', f.slots, 'engine', f.engine, 'host', f.host, 'pid', f.pid, 'ready_ms', f.ready_ms,
  'abilities', f.abilities or '', 'fingerprint', f.fingerprint or '', 'hot', f.hot and 1 or 0, 'ahead', f.ahead and 1 or 0)
C('HSETNX', w, 'since', int(t))   -- a worker that registers again, because its voices changed, is the same worker
C('HSETNX', w, 'spoken', 0)
keep(w)
zadd(P .. ':wk', t + tonumber(life), owner)
count_slots()
wake_dispatcher()
return {1, C('HGET', M, 'fingerprint') or ''}
