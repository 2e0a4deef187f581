#!lua flags=allow-oom
-- The pool accepted the job (its whole life begins), or refused it (nothing is left). May run twice.
-- KEYS[1] shard prefix.  ARGV: job, now, accepted (0/1)
local _, _, accepted = unpack(ARGV)
if accepted == '0' then
  C('DEL', H, O)
  C('ZREM', LIVE, job)
  return 0
end
local state, life = fields(H, 'state', 'life')
if state ~= 'run' then return 0 end
C('PEXPIRE', H, life)
C('PEXPIRE', O, life)
for _, field in ipairs(C('HKEYS', H)) do   -- what was spoken already has the short life
  local seq = string.match(field, '^a(%d+)$')
  if seq then C('PEXPIRE', chunks(seq), life) end
end
return 1
