-- A worker takes a sentence that it got a message for. Whatever comes a second time, or too late, is told so.
-- KEYS[1] pool prefix.  ARGV: now, job, seq, attempt, owner, heartbeat lease ms
-- Returns {verdict, epoch, spec, sentence, lead ms, estimated ms, state of a retry (failures), expected wall ms, ms since it was picked}: CLAIMED, STALE (another
-- attempt has it, or this one was claimed before, or another process empties itself for it), GONE (the job ended), WAIT (claim
-- again soon: this process must first be empty, because a sentence that may have killed a process runs alone; or because such
-- a one runs here now), UNKNOWN (the owner is not registered).
local WAITS = {10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000}     -- as seriatim/pool_metrics.py has them
local SLACKS = {-10000, -5000, -2000, -1000, -500, -200, 0, 200, 500, 1000, 2000, 5000, 10000, 20000}
local CLAIMED, STALE, GONE, WAIT, UNKNOWN = 0, 1, 2, 3, 4
local t = clock()
local job, seq, att, owner, lease = ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6])
local h = C('HMGET', job_key(job), 'state', 'spec', 't0', 'class', 'play', 'total', 'n')
if h[1] ~= 'run' then return {GONE} end
local s = sentence_get(job, seq)
if not s or s.st ~= 'D' or s.att ~= att then return {STALE} end
local w, run, name = P .. ':w:' .. owner, P .. ':run:' .. owner, member(job, seq)
if C('EXISTS', w) == 0 then return {UNKNOWN} end
if s.owner ~= '' and s.owner ~= owner and C('HGET', P .. ':w:' .. s.owner, 'alone') == name then return {STALE} end
local alone = C('HGET', w, 'alone')
if s.suspect == 1 and not alone then C('HSET', w, 'alone', name); alone = name end
if (alone and alone ~= name) or (alone == name and C('HLEN', run) > 0) then
  if alone == name then s.owner = owner; sentence_put(job, seq, s) end   -- whoever lands it frees this process again
  zadd(P .. ':lease', t + lease, name)
  C('ZREM', P .. ':outbox', name .. '|' .. int(att))     -- the message has arrived; the lease sees to the rest
  return {WAIT}
end
local lead = num(h[3], 0) + (h[5] and last_of(h[6], h[7]) or s.pos) - t
measure('wait_' .. h[4], t - s.at, WAITS)
if h[4] == 'L' and not h[5] then measure('slack', lead, SLACKS) end
if lead > 0 then lead = lead * chunk_share() end     -- under load smaller first pieces and chunks
local waited = int(t - s.at)
s.st, s.owner, s.at = 'R', owner, t
sentence_put(job, seq, s)
C('HSET', run, name, int(att))
keep(run)
C('HSET', w, 'until', int(t + lease))
C('ZREM', P .. ':outbox', name .. '|' .. int(att))
zadd(P .. ':lease', t + lease, name)
if h[4] == 'B' then
  if s.suspect == 0 then zadd(P .. ':yields', t, name) else C('ZREM', P .. ':yields', name) end     -- it made way once
end
local epoch = C('HGET', M, 'epoch') or '0'
local sentence = string.match(C('HGET', P .. ':jt:' .. job, seq), '^%d+|(.*)$')
return {CLAIMED, epoch, h[2], sentence, int(lead), int(s.ms), s.fails, int(s.cost), waited}
