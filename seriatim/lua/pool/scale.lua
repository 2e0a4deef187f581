-- requires: counters
-- A supervisor adds worker processes, or drains one: one supervisor of a pool at a time, and none before the pool shows what the
-- last change has brought. One step, because two supervisors that see the same need ask at the same moment.
-- KEYS[1] pool prefix.  ARGV: now, change (its name, new for each), processes (added; drained below 0; 0: keep the lease), lease ms
-- Returns 1 if the change has the lease, 0 if another one has it, or it has expired.
local _, change, processes, lease = unpack(ARGV)
processes = tonumber(processes)
local key = P .. ':scaling'
local holder = C('GET', key)
if holder == change then
  C('PEXPIRE', key, lease)
  return 1
end
if holder or processes == 0 then return 0 end
C('SET', key, change, 'PX', lease)
if processes > 0 then count('processes_added', processes) else count('processes_drained', -processes) end
return 1
