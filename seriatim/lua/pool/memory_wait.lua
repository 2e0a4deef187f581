#!lua flags=allow-oom
-- requires: clock, memory
-- When there will be memory for a new job, where the server had none for a step of it.
-- KEYS[1] pool prefix.  ARGV: now, share of maxmemory that new jobs may fill
-- Returns how long until then, in ms.
local _, share = unpack(ARGV)
return int(memory_wait_ms(clock(), tonumber(share)))
