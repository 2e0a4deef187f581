-- requires: emission, cursor, notices
-- A chunk of a sentence, from byte `offset` on. Overlap with what is here is trimmed; a hole is refused.
-- KEYS[1] shard prefix.  ARGV: job, now, seq, attempt, offset, data, final (0/1), checksum of all bytes up to its end, engine
-- state, differs (1: this attempt's bytes before `offset` are not those that were heard), emits (1: what is at the cursor goes to
-- the ordered stream at once, and not when a reassembler is notified), times of the sentence's words ('' if unknown; they count with
-- its first bytes)
-- Returns {verdict, received}: OK, DONE (it is whole; received is its length, 0 if that is long ago), FENCED, GAP (send again
-- from `received`), GONE. Offsets are even (s16le), which keeps the ids of markers free.
-- May run twice: explicit ids (0-<end offset>) make XADD itself refuse what is here.
-- Jobs of the store are left to a reassembler, which records them; so is the end of a job. What this step leaves, the next emit
-- moves, by any process.
local OK, DONE, FENCED, GONE, HOLE = 0, 1, 2, 3, 4
local EMIT_BUDGET, RECHECK = 64, 1000     -- chunks, ms: as a reassembler has them
local _, _, seq, attempt, offset, data, final, checksum, engine_state, differs, emits, words = unpack(ARGV)
offset, final = tonumber(offset), final == '1'
if offset % 2 ~= 0 or #data % 2 ~= 0 then
  return redis.error_reply(string.format('sentence %s: %d bytes at offset %d; expected whole 16-bit samples', seq, #data, offset))
end
local state, cur, off, at, holder, received, length, drain, n, hold, rate, held, discontinuity, text, fingerprint, state_before =
  fields(H, 'state', 'cur', 'off', 'at', 'a' .. seq, 'r' .. seq, 'L' .. seq, 'drain', 'n', 'hold', 'rate', 'h' .. seq, 'd' .. seq,
    'x' .. seq, 'f' .. seq, 'e' .. seq)
if state ~= 'run' and state ~= 'done' then return {GONE, 0} end
if state == 'done' or tonumber(seq) < tonumber(cur) or length then return {DONE, num(length, 0)} end
if holder ~= attempt then return {FENCED, 0} end
received = tonumber(received)
local stop = offset + #data
if offset > received then return {HOLE, received} end
if stop < received and not final then return {OK, received} end
-- A server that lost the end of a text has closed it without: what was spoken of that end is not heard.
emits = emits == '1' and seq == cur and drain == 'window' and (n == '-1' or tonumber(seq) < tonumber(n))

-- Add bytes behind the emitted ones to the ordered stream itself, so that they are written, and logged, once. False where it is
-- ahead of the hash (a log was cut), or has the marker already: emit knows what to do.
local changed = {}
local function set(field, value) changed[#changed + 1], changed[#changed + 2] = field, value end

local function emit_directly(bytes)
  if tonumber(off) ~= received or hold == '1' or held or discontinuity or differs == '1' then return false end
  if received == 0 then
    local marker = redis.pcall('XADD', O, (seq + 1) .. '-0', sentence_fields(seq, at, rate, text, words))
    if marker.err then return false end
  end
  local added = redis.pcall('XADD', O, (seq + 1) .. '-' .. stop, 'd', bytes)
  if added.err then return false end
  set('off', stop)
  set('Q', checksum)
  set('F', fingerprint or '')
  return true
end

local function buffer(bytes)
  if differs == '1' and offset == received and offset > 0 then C('HSET', H, 'd' .. seq, offset) end   -- a resend marks nothing
  local b = chunks(seq)
  C('XADD', b, '0-' .. stop, 'd', bytes, 'c', checksum)
  if received == 0 or C('PTTL', b) < 0 then keep(b) end
  if received == 0 and words ~= '' then C('HSET', H, 'w' .. seq, words) end
end

local direct = false
if stop > received then
  if received == 0 then schedule_check(time_ms() + RECHECK, job) end     -- it may have been quiet
  local bytes = string.sub(data, received - offset + 1)
  direct = emits and emit_directly(bytes)
  if not direct then buffer(bytes) end
  set('r' .. seq, stop)
  set('q' .. seq, checksum)
  if state_before then C('HDEL', H, 'e' .. seq) end   -- going on from it would say these bytes again
  received = stop
end
if stop == received and engine_state ~= '' then set('e' .. seq, engine_state) end
if final then set('L' .. seq, received) end   -- a take that is shorter than what was heard ends there
if #changed > 0 then C('HSET', H, unpack(changed)) end
if direct and final then emit_contiguous(EMIT_BUDGET, RECHECK, false, tonumber(cur), stop, tonumber(at))
elseif emits and (final or not direct) then emit_contiguous(EMIT_BUDGET, RECHECK, false)
elseif seq == cur and not direct then notify() end
return {OK, received}
