#!lua flags=allow-oom
-- Redis was restarted, or another server was promoted: what was handed out before counts no more.
-- KEYS[1] pool prefix.  ARGV: now
-- Returns 0 if nothing changed, 1 for a fresh pool, 2 after a restart.
--
-- The epoch is the server's own run id, read here, so that a late caller cannot set back a newer one. A server that lost its
-- tail may hand out attempts a second time: the fence moves on to the wall clock (16 tokens a millisecond are more than any
-- pool can pick), which stays above every token ever issued even if this very step is lost in a second crash. Where the clock
-- was set back it jumps by a million instead. What was in flight is spoken again, nobody blamed.
local t = clock()
local run_id = string.match(C('INFO', 'server'), 'run_id:(%x+)')
local known = C('HGET', M, 'epoch')
if known == run_id then return 0 end
local wall = C('TIME')
local fence, floor = num(C('HGET', M, 'fence'), 0), wall[1] * 16000 + math.floor(wall[2] / 1000) * 16
fence = fence < floor and floor or fence + 1000000
C('HSET', M, 'epoch', run_id, 'fence', int(fence))
keep(M)
if not known then return 1 end
for _, name in ipairs(C('ZRANGE', P .. ':lease', 0, -1)) do
  local job, seq = string.match(name, '^(.*)|(%d+)$')
  local s = sentence_get(job, seq)
  local h = C('HMGET', job_key(job), 'user', 'class', 'state')
  if s and h[3] == 'run' and (s.st == 'D' or s.st == 'R') then
    land(job, seq, s, h[1])
    charge(h[1], h[2], -s.cost)
    requeue(job, seq, s, t)
    index_job(job, t)
  end
end
C('DEL', P .. ':lease', P .. ':yields', P .. ':outbox')
C('HSET', M, 'infl', 0)
C('HINCRBY', M, 'restarts', 1)
wake()
return 2
