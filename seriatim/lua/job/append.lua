-- A chunk of a sentence, from byte `offset` on. Overlap with what is here is trimmed; a hole is refused.
-- KEYS[1] shard prefix.  ARGV: job, now, seq, attempt, offset, data, final (0/1), checksum of all bytes up to its end, engine
-- state, differs (1: this attempt's bytes before `offset` are not those that were heard)
-- Returns {verdict, received}: OK, DONE (it is whole; received is its length, 0 if that is long ago), FENCED, GAP (send again
-- from `received`), GONE. Offsets are even (s16le), which keeps the ids of markers free.
-- May run twice: explicit ids (0-<end offset>) make XADD itself refuse what is here.
local OK, DONE, FENCED, GONE, HOLE = 0, 1, 2, 3, 4
local seq, att, offset, data, final = ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6], ARGV[7] == '1'
if offset % 2 ~= 0 or #data % 2 ~= 0 then
  return redis.error_reply(string.format('sentence %s: %d bytes at offset %d; expected whole 16-bit samples', seq, #data, offset))
end
local h = C('HMGET', H, 'state', 'cur', 'a' .. seq, 'r' .. seq, 'L' .. seq)
if h[1] ~= 'run' and h[1] ~= 'done' then return {GONE, 0} end
if h[1] == 'done' or tonumber(seq) < tonumber(h[2]) or h[5] then return {DONE, num(h[5], 0)} end
if h[3] ~= att then return {FENCED, 0} end
local received, stop = tonumber(h[4]), offset + #data
if offset > received then return {HOLE, received} end
if stop < received and not final then return {OK, received} end
if stop > received then
  if ARGV[10] == '1' and offset == received and offset > 0 then C('HSET', H, 'd' .. seq, offset) end   -- a resend marks nothing
  local b = chunks(seq)
  C('XADD', b, '0-' .. stop, 'd', string.sub(data, received - offset + 1), 'c', ARGV[8])
  if received == 0 or C('PTTL', b) < 0 then keep(b) end
  C('HSET', H, 'r' .. seq, stop, 'q' .. seq, ARGV[8])
  C('HDEL', H, 'e' .. seq)   -- the state before it: whoever goes on from there would say these bytes again
  received = stop
end
if stop == received and ARGV[9] ~= '' then C('HSET', H, 'e' .. seq, ARGV[9]) end
if final then C('HSET', H, 'L' .. seq, received) end   -- a take that is shorter than what was heard ends there
if seq == h[2] then notify() end
return {OK, received}
