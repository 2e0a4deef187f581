#!lua flags=allow-oom
-- requires: notices
-- A sentence was given up: fence every attempt out and close it as a gap, with `n_bytes` of silence in place of what is missing.
-- KEYS[1] shard prefix.  ARGV: job, now, seq, n_bytes, reason, text, rate_hz
-- Returns {changed (0/1), how many bytes the sentence has: what was heard of it, and the silence}. May run twice.
local _, _, seq, n_bytes, reason, text, rate_hz = unpack(ARGV)
local state, cur, off, length, known_text, rate = fields(H, 'state', 'cur', 'off', 'L' .. seq, 'x' .. seq, 'rate')
if state ~= 'run' or tonumber(seq) < tonumber(cur) or length then return {0, num(length, 0)} end
off = seq == cur and tonumber(off) or 0
local silence = math.max(0, n_bytes - off)
C('HSET', H, 'a' .. seq, '9007199254740991', 'g' .. seq, reason, 'x' .. seq, known_text or text, 'L' .. seq, off + silence,
  'r' .. seq, off + silence)
C('HINCRBY', H, 'gaps', 1)
if not rate and rate_hz ~= '' then C('HSET', H, 'rate', rate_hz) end
C('HDEL', H, 'd' .. seq, 'h' .. seq)
C('DEL', chunks(seq))
local done = 0
while done < silence do   -- in pieces of a second or so, as speech comes
  local piece = math.min(48000, silence - done)
  done = done + piece
  C('XADD', chunks(seq), '0-' .. (off + done), 'd', string.rep('\0', piece), 'c', '')
end
if silence > 0 then keep(chunks(seq)) end
notify()
return {1, off + silence}
