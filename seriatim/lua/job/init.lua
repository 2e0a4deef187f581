-- requires: notices
-- The job's own slot, made before the pool accepts the job. Until `life` confirms it, it lives for `unconfirmed` ms only.
-- KEYS[1] shard prefix.  ARGV: job, now, n (-1: open), hold (0, 1, auto), drain, unconfirmed ms, life ms, ended life ms, pool, share of
-- maxmemory that new jobs may fill, webhook (where its end is reported, as JSON; '': nowhere)
-- Returns 1, or 0 if it is there already.
local _, _, n, hold, drain, unconfirmed, life, ended_life, pool, share, webhook = unpack(ARGV)
local state, followed = fields(H, 'state', 'followed')
if state then return 0 end
if followed then C('HDEL', H, 'followed') end   -- a late note on an earlier job of this id, whose life is over
C('HSET', H, 'state', 'run', 'n', n, 'cur', 0, 'off', 0, 'at', 0, 'hold', hold, 'drain', drain,
  'life', life, 'ended_life', ended_life, 'pool', pool, 'share', share)
if webhook ~= '' then C('HSET', H, 'webhook', webhook) end
C('PEXPIRE', H, unconfirmed)
C('XGROUP', 'CREATE', O, 'reader', '0', 'MKSTREAM')
C('PEXPIRE', O, unconfirmed)
schedule_check(0, job)
if n == '0' then notify() end   -- nothing to say: the end comes at once
return 1
