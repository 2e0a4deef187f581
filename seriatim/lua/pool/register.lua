-- A worker process that has loaded and warmed up its engine offers its slots.
-- KEYS[1] pool prefix.  ARGV: now, owner, life ms, facts as JSON (slots, rate_hz, continuity, rtf, eta, reserve, policy,
-- limit_chars, merge_chars, limits, abilities and voices (JSON texts), and what is only shown: engine, host, pid, ready_ms)
-- Returns {1}, or {0, rate_hz} if the pool speaks at another rate while workers or jobs of it live: one pool, one rate.
local t = clock()
local owner, f = ARGV[2], cjson.decode(ARGV[4])
local m = C('HMGET', M, 'rate_hz', 'rtf', 'theta')
local others = C('ZCARD', P .. ':wk') - (C('ZSCORE', P .. ':wk', owner) and 1 or 0)
if m[1] and tonumber(m[1]) ~= f.rate_hz and (others > 0 or C('ZCARD', P .. ':act') > 0) then return {0, tonumber(m[1])} end
C('HSET', M, 'rate_hz', f.rate_hz, 'continuity', f.continuity, 'eta', f.eta, 'reserve', f.reserve,
  'policy', f.policy, 'limit_chars', f.limit_chars, 'merge_chars', f.merge_chars, 'limits', f.limits)
if not m[2] then C('HSET', M, 'rtf', f.rtf) end
if not m[3] then C('HSET', M, 'theta', 3000) end   -- until sentences were measured: the prototype's best at RTF 0.25
keep(M)
C('SET', P .. ':voices', f.voices, 'PX', POOL_LIFE)
local w = P .. ':w:' .. owner
C('HSET', w, 'slots', f.slots, 'engine', f.engine, 'host', f.host, 'pid', f.pid, 'ready_ms', f.ready_ms,
  'abilities', f.abilities or '')
C('HSETNX', w, 'since', int(t))   -- a worker that says it again, because its voices changed, is the same worker
C('HSETNX', w, 'spoken', 0)
keep(w)
zadd(P .. ':wk', t + tonumber(ARGV[3]), owner)
count_slots()
wake()
return {1}
