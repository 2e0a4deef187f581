-- The job's own slot, made before the pool accepts the job. Until `life` confirms it, it lives for `unconfirmed` ms only.
-- KEYS[1] shard prefix.  ARGV: job, now, n (-1: open), hold (0, 1, auto), drain, unconfirmed ms, life ms, ended life ms, pool, share of
-- maxmemory that new jobs may fill
-- Returns 1, or 0 if it is there already.
if C('EXISTS', H) == 1 then return 0 end
C('HSET', H, 'state', 'run', 'n', ARGV[3], 'cur', 0, 'off', 0, 'at', 0, 'hold', ARGV[4], 'drain', ARGV[5],
  'life', ARGV[7], 'ended_life', ARGV[8], 'pool', ARGV[9], 'share', ARGV[10])
C('PEXPIRE', H, ARGV[6])
C('XGROUP', 'CREATE', O, 'reader', '0', 'MKSTREAM')
C('PEXPIRE', O, ARGV[6])
look_again(0, job)
if ARGV[3] == '0' then notify() end   -- nothing to say: the end comes at once
return 1
