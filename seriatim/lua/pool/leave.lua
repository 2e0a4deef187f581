#!lua flags=allow-oom
-- A worker process is gone: in order (nothing is blamed), or seen to have died (its supervisor is quicker than its lease).
-- KEYS[1] pool prefix.  ARGV: now, owner, died (0/1), max failures, back-off ms, ended life ms
-- Returns how many sentences it leaves to others.
local t = clock()
local owner = ARGV[2]
local left = C('HLEN', P .. ':run:' .. owner)
forget_owner(owner, ARGV[3] == '1', 'the worker process died while speaking it', t,
  tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]))
wake()
return left
