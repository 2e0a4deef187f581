-- requires: notices
-- A chunk of a sentence, from byte `offset` on. Overlap with what is here is trimmed; a hole is refused.
-- KEYS[1] shard prefix.  ARGV: job, now, seq, attempt, offset, data, final (0/1), checksum of all bytes up to its end, engine
-- state, differs (1: this attempt's bytes before `offset` are not those that were heard)
-- Returns {verdict, received}: OK, DONE (it is whole; received is its length, 0 if that is long ago), FENCED, GAP (send again
-- from `received`), GONE. Offsets are even (s16le), which keeps the ids of markers free.
-- May run twice: explicit ids (0-<end offset>) make XADD itself refuse what is here.
local OK, DONE, FENCED, GONE, HOLE = 0, 1, 2, 3, 4
local _, _, seq, attempt, offset, data, final, checksum, engine_state, differs = unpack(ARGV)
offset, final = tonumber(offset), final == '1'
if offset % 2 ~= 0 or #data % 2 ~= 0 then
  return redis.error_reply(string.format('sentence %s: %d bytes at offset %d; expected whole 16-bit samples', seq, #data, offset))
end
local state, cur, holder, received, length = fields(H, 'state', 'cur', 'a' .. seq, 'r' .. seq, 'L' .. seq)
if state ~= 'run' and state ~= 'done' then return {GONE, 0} end
if state == 'done' or tonumber(seq) < tonumber(cur) or length then return {DONE, num(length, 0)} end
if holder ~= attempt then return {FENCED, 0} end
received = tonumber(received)
local stop = offset + #data
if offset > received then return {HOLE, received} end
if stop < received and not final then return {OK, received} end
if stop > received then
  if differs == '1' and offset == received and offset > 0 then C('HSET', H, 'd' .. seq, offset) end   -- a resend marks nothing
  local b = chunks(seq)
  C('XADD', b, '0-' .. stop, 'd', string.sub(data, received - offset + 1), 'c', checksum)
  if received == 0 or C('PTTL', b) < 0 then keep(b) end
  C('HSET', H, 'r' .. seq, stop, 'q' .. seq, checksum)
  C('HDEL', H, 'e' .. seq)   -- the state before it: going on from it would say these bytes again
  received = stop
end
if stop == received and engine_state ~= '' then C('HSET', H, 'e' .. seq, engine_state) end
if final then C('HSET', H, 'L' .. seq, received) end   -- a take that is shorter than what was heard ends there
if seq == cur then notify() end
return {OK, received}
