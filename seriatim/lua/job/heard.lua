#!lua flags=allow-oom
-- A reader has everything up to position `<sentence>-<offset>`: what lies more than a sentence before it may go. Who has the end
-- needs none of it: it goes a while later (over_soon), or at once where memory is short.
-- KEYS[1] shard prefix.  ARGV: job, now, sentence (as in the id, seq + 1), offset
-- Returns how many entries went.
local sentence = tonumber(ARGV[3])
if ARGV[4] == END then
  local h = C('HMGET', H, 'state', 'drain', 'share')
  if h[1] and h[1] ~= 'run' and h[2] ~= 'store' and short(h[3]) then return C('XTRIM', O, 'MAXLEN', 1) end
  over_soon()
end
if sentence < 2 then return 0 end
return C('XTRIM', O, 'MINID', (sentence - 1) .. '-0')
