#!lua flags=allow-oom
-- requires: clock, removal, capacity, failures
-- A worker process is gone: in order (nothing is blamed), or seen to have died (its supervisor is quicker than its lease).
-- KEYS[1] pool prefix.  ARGV: now, owner, died (0/1), max failures, back-off ms, ended life ms
-- Returns how many sentences it leaves to others.
local t = clock()
local _, owner, died, max_failures, backoff, ended_life = unpack(ARGV)
local left = C('HLEN', P .. ':run:' .. owner)
remove_worker(owner, died == '1', 'the worker process died while speaking it', t, retry_policy(max_failures, backoff, ended_life))
wake_dispatcher()
return left
