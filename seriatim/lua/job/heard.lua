#!lua flags=allow-oom
-- A reader has everything up to position `<sentence>-<offset>`: what lies more than a sentence before it may go.
-- KEYS[1] shard prefix.  ARGV: job, now, sentence (as in the id, seq + 1)
-- Returns how many entries went.
local sentence = tonumber(ARGV[3])
if sentence < 2 then return 0 end
return C('XTRIM', O, 'MINID', (sentence - 1) .. '-0')
