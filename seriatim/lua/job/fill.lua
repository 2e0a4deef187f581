#!lua flags=allow-oom
-- A sentence was given up: fence everybody out and close it as a gap, with `n_bytes` of silence in place of what is missing.
-- KEYS[1] shard prefix.  ARGV: job, now, seq, n_bytes, reason, text, rate_hz
-- Returns {changed (0/1), how many bytes the sentence has: what was heard of it, and the silence}. May run twice.
local seq, n_bytes = ARGV[3], tonumber(ARGV[4])
local h = C('HMGET', H, 'state', 'cur', 'off', 'L' .. seq, 'x' .. seq, 'rate')
if h[1] ~= 'run' or tonumber(seq) < tonumber(h[2]) or h[4] then return {0, num(h[4], 0)} end
local off = seq == h[2] and tonumber(h[3]) or 0
local silence = math.max(0, n_bytes - off)
C('HSET', H, 'a' .. seq, '9007199254740991', 'g' .. seq, ARGV[5], 'x' .. seq, h[5] or ARGV[6], 'L' .. seq, off + silence,
  'r' .. seq, off + silence)
C('HINCRBY', H, 'gaps', 1)
if not h[6] and ARGV[7] ~= '' then C('HSET', H, 'rate', ARGV[7]) end
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
