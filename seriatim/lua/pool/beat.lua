#!lua flags=allow-oom
-- A worker process lives: its slots, and the leases of everything it speaks, in one call a second.
-- KEYS[1] pool prefix.  ARGV: now, owner, life ms, slots (0: drains), lease ms, then job, seq, attempt, ...
-- Returns {known, "job|seq|attempt" lost, ...}: known 0 means register again; what is lost belongs to others or to nobody.
local t = clock()
local owner, lease = ARGV[2], tonumber(ARGV[5])
local w, run = P .. ':w:' .. owner, P .. ':run:' .. owner
local out = {C('EXISTS', w)}
if out[1] == 1 then
  zadd(P .. ':wk', t + tonumber(ARGV[3]), owner)
  C('HSET', w, 'until', int(t + lease))
  keep(w)
  keep(M)
  C('PEXPIRE', P .. ':voices', POOL_LIFE)
  if C('HGET', w, 'slots') ~= ARGV[4] then
    C('HSET', w, 'slots', ARGV[4])
    count_slots()
    wake()
  end
  keep(run)
end
for i = 6, #ARGV, 3 do
  local name = member(ARGV[i], ARGV[i + 1])
  if C('HGET', run, name) == ARGV[i + 2] then zadd(P .. ':lease', t + lease, name)
  else out[#out + 1] = name .. '|' .. ARGV[i + 2] end
end
return out
