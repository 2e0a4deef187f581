#!lua flags=allow-oom
-- requires: clock, capacity, workers, standby
-- A worker process lives: its slots, and the leases of everything it speaks, in one call a second.
-- KEYS[1] pool prefix.  ARGV: now, owner, life ms, slots (0: drains), lease ms, then job, seq, attempt, ...
-- Returns {known, "job|seq|attempt" lost, ...}: known 0 means register again; what is lost is not its own any more.
local t = clock()
local _, owner, life, slots, lease = unpack(ARGV, 1, 5)
lease = tonumber(lease)
local w, run = P .. ':w:' .. owner, P .. ':run:' .. owner
local known = C('HEXISTS', w, 'since')     -- of the registration; a late gauge alone makes no worker of one that was removed
local out = {known}
if known == 1 then
  C('ZADD', P .. ':wk', t + tonumber(life), owner)
  keep(P .. ':wk')
  C('HSET', w, 'until', int(t + lease))
  keep(w)
  keep(M)
  C('PEXPIRE', P .. ':voices', POOL_LIFE)
  if C('HGET', w, 'slots') ~= slots then
    C('HSET', w, 'slots', slots)
    if slots == '0' then end_standby(owner) end
    count_slots()
    wake_dispatcher()
  end
  keep(run)
end
for i = 6, #ARGV, 3 do
  local name = member(ARGV[i], ARGV[i + 1])
  if C('HGET', run, name) == ARGV[i + 2] then zadd(P .. ':lease', t + lease, name)
  else out[#out + 1] = name .. '|' .. ARGV[i + 2] end
end
return out
