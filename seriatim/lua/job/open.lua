-- An attempt begins to deliver a sentence. A higher attempt fences out the lower ones for good.
-- KEYS[1] shard prefix.  ARGV: job, now, seq, attempt, continuity (exact, resumable, none), rate_hz, text
-- Returns {verdict, base, checksum, engine state}: OPEN (deliver from byte `base` on; `checksum` is the CRC-32 of the bytes
-- before it, '' if unknown), DONE (it is whole: base is its length, 0 if that is long ago), FENCED (a newer
-- attempt is there), GONE (the job ended or is unknown), RATE (the job's other sentences have the rate `base`).
--
-- Fields of the job hash: state, reason, n (-1 while open), cur and off (the cursor: sentence, and bytes of it emitted), at
-- (bytes emitted before the cursor's sentence), hold, drain, pool, rate, closing, stored (bytes in the file store), stored_id,
-- life, ended_life, share (of maxmemory, for new jobs), gaps (sentences that were given up); per sentence, deleted when emitted: a attempt, r received bytes, L final length (for 64 sentences longer),
-- x text, g gap reason, h held until whole, d discontinuity wanted at this offset, q CRC-32 of the received bytes, e engine
-- state behind the received bytes; Q: the CRC-32 of the emitted bytes of the cursor's sentence.
local OPEN, DONE, FENCED, GONE, RATE = 0, 1, 2, 3, 4
local seq, att, continuity, rate = ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6]
local h = C('HMGET', H, 'state', 'cur', 'off', 'a' .. seq, 'r' .. seq, 'L' .. seq, 'hold', 'rate', 'q' .. seq, 'e' .. seq, 'Q')
if h[1] ~= 'run' and h[1] ~= 'done' then return {GONE, 0, '', ''} end
local cur = tonumber(h[2])
if h[1] == 'done' or tonumber(seq) < cur or h[6] then return {DONE, num(h[6], 0), '', ''} end
local held = num(h[4], 0)
if att < held then return {FENCED, held, '', ''} end
if h[8] and h[8] ~= rate then return {RATE, tonumber(h[8]), '', ''} end
if not h[8] then C('HSET', H, 'rate', rate) end
local at_cursor = tonumber(seq) == cur
local base = at_cursor and tonumber(h[3]) or 0
if att == held then return {OPEN, num(h[5], base), h[9] or '', h[10] or ''} end

C('HSET', H, 'a' .. seq, ARGV[4], 'x' .. seq, ARGV[7])
if h[10] and continuity == 'resumable' then   -- what was received stays: the engine goes on behind it
  return {OPEN, tonumber(h[5]), h[9] or '', h[10]}
end
C('DEL', chunks(seq))
C('HDEL', H, 'e' .. seq)
local crc = at_cursor and h[11] or ''
if base > 0 then C('HSET', H, 'q' .. seq, crc) else C('HDEL', H, 'q' .. seq); crc = '' end
C('HSET', H, 'r' .. seq, base)
if continuity == 'none' then
  if h[7] ~= '0' then C('HSET', H, 'h' .. seq, 1) end
  if base > 0 then C('HSET', H, 'd' .. seq, base) end
end
return {OPEN, base, crc, ''}
