-- requires: cursor
-- An attempt begins to deliver a sentence. A higher attempt fences out the lower ones for good.
-- KEYS[1] shard prefix.  ARGV: job, now, seq, attempt, continuity (exact, resumable, none), rate_hz, text,
-- fingerprint (of the audio that this worker's engine gives, '' if it is not exact)
-- Returns {verdict, base, checksum, engine state, other}: OPEN (deliver from byte `base` on; `checksum` is the CRC-32 of the bytes
-- before it, '' if unknown), DONE (it is whole: base is its length, 0 if that is long ago), FENCED (a newer
-- attempt is there), GONE (the job ended or is unknown), RATE (the job's other sentences have the rate `base`).
-- `other` is 1 if the bytes before `base` have another fingerprint: then an exact attempt counts as none, too.
--
-- Fields of the job hash: state, reason, n (-1 while open), cur and off (the cursor: sentence, and bytes of it emitted), at
-- (bytes emitted before the cursor's sentence), hold, drain, pool, rate, closing, stored (bytes in the file store), stored_id,
-- life, ended_life, share (of maxmemory, for new jobs), gaps (sentences that were given up), webhook
-- (seriatim/webhooks/webhook_target.py), followed (position of a plain reader), quiet (looks in a row that
-- found nothing); per sentence, deleted when emitted: a attempt, r received bytes, L final length (for 64 sentences longer),
-- x text, g gap reason, h held until whole, d discontinuity wanted at this offset, q CRC-32 of the received bytes, e engine
-- state behind the received bytes, f fingerprint of the attempt, w times of its words; Q and F: the CRC-32 of the
-- emitted bytes of the cursor's sentence, and the fingerprint of the last of them.
local OPEN, DONE, FENCED, GONE, RATE = 0, 1, 2, 3, 4
local _, _, seq, attempt, continuity, wanted_rate, text, fingerprint = unpack(ARGV)
local function slot()
  return fields(H, 'state', 'cur', 'off', 'a' .. seq, 'r' .. seq, 'L' .. seq, 'hold', 'rate', 'q' .. seq, 'e' .. seq, 'Q', 'F')
end
local state, cur, off, holder, received, length, hold, rate, crc, engine_state, emitted_crc, emitted_fingerprint = slot()
if holder and tonumber(attempt) > tonumber(holder) then     -- what was emitted of the attempt before it is compared with this one
  cursor()
  state, cur, off, holder, received, length, hold, rate, crc, engine_state, emitted_crc, emitted_fingerprint = slot()
end
if state ~= 'run' and state ~= 'done' then return {GONE, 0, '', '', 0} end
if state == 'done' or tonumber(seq) < tonumber(cur) or length then return {DONE, num(length, 0), '', '', 0} end
local newest = num(holder, 0)
if tonumber(attempt) < newest then return {FENCED, newest, '', '', 0} end
if rate and rate ~= wanted_rate then return {RATE, tonumber(rate), '', '', 0} end
if not rate then C('HSET', H, 'rate', wanted_rate) end
local at_cursor = tonumber(seq) == tonumber(cur)
local base = at_cursor and tonumber(off) or 0
local other = continuity == 'exact' and base > 0 and fingerprint ~= (emitted_fingerprint or '')
if tonumber(attempt) == newest then return {OPEN, num(received, base), crc or '', engine_state or '', other and 1 or 0} end

if not holder and base == 0 then     -- the first attempt: there is nothing of another
  C('HSET', H, 'a' .. seq, attempt, 'x' .. seq, text, 'f' .. seq, fingerprint, 'r' .. seq, 0)
  if continuity == 'none' and hold ~= '0' then C('HSET', H, 'h' .. seq, 1) end
  return {OPEN, 0, '', '', 0}
end
C('HSET', H, 'a' .. seq, attempt, 'x' .. seq, text, 'f' .. seq, fingerprint)
if engine_state and continuity == 'resumable' then   -- what was received stays: the engine goes on behind it
  return {OPEN, tonumber(received), crc or '', engine_state, 0}
end
C('DEL', chunks(seq))
C('HDEL', H, 'e' .. seq, 'h' .. seq, 'd' .. seq, 'w' .. seq)   -- the attempt before it may have been of other bytes, and this one not
crc = base > 0 and at_cursor and emitted_crc or ''
if base > 0 then C('HSET', H, 'q' .. seq, crc) else C('HDEL', H, 'q' .. seq) end
C('HSET', H, 'r' .. seq, base)
if continuity == 'none' or other then
  if hold ~= '0' then C('HSET', H, 'h' .. seq, 1) end
  if base > 0 then C('HSET', H, 'd' .. seq, base) end
end
return {OPEN, base, crc, '', other and 1 or 0}
