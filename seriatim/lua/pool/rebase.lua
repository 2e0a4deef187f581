#!lua flags=allow-oom
-- requires: clock, fairness, flight, capacity, records
-- Redis was restarted, or another server was promoted: what was handed out before counts no more.
-- KEYS[1] pool prefix.  ARGV: now
-- Returns 0 if nothing changed, 1 for a fresh pool, 2 after a restart.
--
-- The epoch is the server's own run id and that of its history of replication, read here, so that a late caller cannot set back a newer
-- one. A master that was demoted and promoted again has its old run id, and another history: its own tail is gone. A server that lost its
-- tail may hand out attempts a second time: the fence moves on to the wall clock (16 tokens a millisecond are more than any
-- pool can pick), which stays above every token ever issued even if this very step is lost in a second crash. Where the clock
-- was set back it jumps by a million instead. What was in flight is spoken again, without blame.
local t = clock()
local server = C('INFO', 'server')
local history = string.match(C('INFO', 'replication'), 'master_replid:(%x+)') or ''
local epoch = string.match(server, 'run_id:(%x+)') .. ':' .. history
local known, fence = fields(M, 'epoch', 'fence')
if known == epoch then return 0 end
local seconds, microseconds = unpack(C('TIME'))     -- the wall clock itself: `t` may be another, and never goes back
fence = num(fence, 0)
local floor = seconds * 16000 + math.floor(microseconds / 1000) * 16
fence = fence < floor and floor or fence + 1000000
C('HSET', M, 'epoch', epoch, 'fence', int(fence))
if string.find(server, '_mode:cluster', 1, true) then C('HSET', M, 'scattered', 1) end     -- its jobs are at other masters (finish.lua)
keep(M)
if not known then return 1 end
for _, name in ipairs(C('ZRANGE', P .. ':lease', 0, -1)) do
  local job, seq = string.match(name, '^(.*)|(%d+)$')
  local s = sentence_get(job, seq)
  local user, class, state = fields(job_key(job), 'user', 'class', 'state')
  if s and state == 'run' and (s.state == 'D' or s.state == 'R') then
    take_out_of_flight(job, seq, s, user, class)
    charge(user, class, -s.cost)
    requeue(job, seq, s, t, t)
    index_job(job, t)
  end
end
C('DEL', P .. ':lease', P .. ':yields', P .. ':resumes', P .. ':outbox')
C('HSET', M, 'infl', 0)
C('HINCRBY', M, 'restarts', 1)
wake_dispatcher()
return 2
