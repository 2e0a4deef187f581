#!lua flags=allow-oom
-- The recorder has stored everything up to an entry, safely: the stream need not hold it. Monotone; may run twice.
-- KEYS[1] shard prefix.  ARGV: job, now, id of the entry, bytes stored in all, end (0/1: the whole job is stored)
-- Returns the bytes stored in all.
local _, _, entry, stored, whole = unpack(ARGV)
local state, known, ended_life = fields(H, 'state', 'stored', 'ended_life')
local bytes = tonumber(stored)
if not state then return -1 end
if bytes < num(known, -1) then return tonumber(known) end   -- a recorder that others overtook: what they have not stored must stay
C('HSET', H, 'stored', stored, 'stored_id', entry)
if whole == '1' then
  C('HSET', H, 'stored_all', 1)
  if state ~= 'run' then
    C('ZREM', LIVE, job)
    C('PEXPIRE', H, ended_life)
    C('PEXPIRE', O, ended_life)
  end
end
C('XTRIM', O, 'MINID', entry)
return bytes
