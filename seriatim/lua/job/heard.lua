#!lua flags=allow-oom
-- requires: memory, ending
-- A reader has everything up to position `<sentence>-<offset>`: what lies more than a sentence before it may go. A reader that has
-- the end needs none of it: it goes a while later (schedule_trim), or at once where memory is short.
-- KEYS[1] shard prefix.  ARGV: job, now, sentence (as in the id, seq + 1), offset
-- Returns how many entries went.
local _, _, sentence, offset = unpack(ARGV)
sentence = tonumber(sentence)
if offset == END then
  local state, drain, share = fields(H, 'state', 'drain', 'share')
  if state and state ~= 'run' and drain ~= 'store' and memory_is_short(share) then return C('XTRIM', O, 'MAXLEN', 1) end
  schedule_trim()
end
if sentence < 2 then return 0 end
return C('XTRIM', O, 'MINID', (sentence - 1) .. '-0')
