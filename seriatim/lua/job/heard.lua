#!lua flags=allow-oom
-- requires: memory, ending, notices
-- A reader has everything up to position `<sentence>-<offset>`: what lies more than a sentence before it may go. A reader that has
-- the end needs none of it: it goes a while later (schedule_trim), or at once where memory is short.
-- A reader that reports itself is noted in :reports, now and then: no look need find out where it is (shared/emission.lua).
-- KEYS[1] shard prefix.  ARGV: job, now, sentence (as in the id, seq + 1), offset, itself (1: the reader reports itself; 0: its trace in
-- the stream was found)
-- Returns how many entries went.
local NOTED_AGAIN, REPORTS_KEPT = 2000, 60000     -- ms
local _, _, sentence, offset, itself = unpack(ARGV)
sentence = tonumber(sentence)
local reported = num(C('ZSCORE', REPORTS, job))
if itself ~= '1' then if reported then C('ZREM', REPORTS, job) end
elseif (not reported or math.abs(time_ms() - reported) >= NOTED_AGAIN) and fields(H, 'state') == 'run' then
  C('ZADD', REPORTS, string.format('%.0f', time_ms()), job)
  C('PEXPIRE', REPORTS, REPORTS_KEPT)
end
if offset == END then
  local state, drain, share = fields(H, 'state', 'drain', 'share')
  if state and state ~= 'run' and drain ~= 'store' and memory_is_short(share) then return C('XTRIM', O, 'MAXLEN', 1) end
  schedule_trim()
end
if sentence < 2 then return 0 end
return C('XTRIM', O, 'MINID', (sentence - 1) .. '-0')
