#!lua flags=allow-oom
-- A worker's own attempt was refused: its sentence had gone to another meanwhile. That is counted.
-- KEYS[1] pool prefix.  ARGV: now, attempt
-- Returns 1 if it is new, else 0. May run twice, and a worker may be refused twice, by its job's slot and by the pool: an attempt
-- is counted once within REMEMBERED. One step, so that what is remembered is counted.
local REMEMBERED = 600000
local _, attempt = unpack(ARGV)
if not C('SET', P .. ':fenced:' .. attempt, 1, 'NX', 'PX', REMEMBERED) then return 0 end
C('HINCRBY', M, 'fenced', 1)
keep(M)
return 1
