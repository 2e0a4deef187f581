#!lua flags=allow-oom
-- The pool accepted the job (its whole life begins), or refused it (ARGV[3] is 0: nothing is left). May run twice.
-- KEYS[1] shard prefix.  ARGV: job, now, accepted (0/1)
if ARGV[3] == '0' then
  C('DEL', H, O)
  C('ZREM', LIVE, job)
  return 0
end
if C('HGET', H, 'state') ~= 'run' then return 0 end
local life = C('HGET', H, 'life')
C('PEXPIRE', H, life)
C('PEXPIRE', O, life)
for _, field in ipairs(C('HKEYS', H)) do   -- what was spoken already has the short life
  local seq = string.match(field, '^a(%d+)$')
  if seq then C('PEXPIRE', chunks(seq), life) end
end
return 1
