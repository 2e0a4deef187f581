#!lua flags=allow-oom
-- Move the contiguous bytes from the cursor on to the ordered stream: chunks, markers, the end. Then the notification goes.
-- KEYS[1] shard prefix.  ARGV: job, now, budget (chunks), notification id or '', look again after ms
-- Returns {moved, more (0/1), state, drain, ended (1: here and now), sentences, bytes, rate}. state '' means that the job is unknown.
-- A pure function of what is there: anybody may call it, any number of times. Chunks, cursor and acknowledgement change in one
-- step, so that no crash lies between them.
local budget, moved, ended = tonumber(ARGV[3]), 0, 0
local cur, off, at = cursor()
local h = C('HMGET', H, 'state', 'n', 'hold', 'rate', 'drain', 'ended_life', 'closing')
local state, n = h[1], num(h[2], -1)

-- Add an entry. A marker that is there already was added by a step of which a log kept only the beginning.
local function add(id, ...)
  local reply = redis.pcall('XADD', O, id, ...)
  if type(reply) == 'table' and reply.err and not string.find(reply.err, 'equal or smaller', 1, true) then error(reply.err) end
end

local function begin(seq, text)
  add((seq + 1) .. '-0', 't', 'sentence', 'seq', seq, 'at', at, 'rate', h[4] or '0', 'text', text or '')
end

-- The chunks of sentence `seq` beyond `off`. Returns how many there were.
local function move(seq, text)
  local entries = C('XRANGE', chunks(seq), '0-' .. (off + 1), '+', 'COUNT', budget)
  local d = num(C('HGET', H, 'd' .. seq))
  for _, e in ipairs(entries) do
    local stop = tonumber(string.match(e[1], '-(%d+)$'))
    local data = e[2][2]
    if off == 0 then begin(seq, text) end
    if d and d <= off and off > 0 then
      add((seq + 1) .. '-' .. (off + 1), 't', 'discontinuity', 'seq', seq, 'offset', off)
      C('HDEL', H, 'd' .. seq)
      d = nil
    end
    local start = stop - #data
    if start < off then data = string.sub(data, off - start + 1) end
    add((seq + 1) .. '-' .. stop, 'd', data)
    C('HSET', H, 'Q', e[2][4])
    off, moved, budget = stop, moved + 1, budget - 1
  end
  if #entries > 0 and off > 0 then C('XTRIM', chunks(seq), 'MINID', '0-' .. (off + 1)) end
  return #entries
end

if state == 'run' then
  while budget > 0 and (n < 0 or cur < n) do
    local s = C('HMGET', H, 'L' .. cur, 'h' .. cur, 'x' .. cur, 'g' .. cur)
    local length = num(s[1])
    if not length and (h[3] == '1' or s[2]) then break end   -- held until it is whole
    local found = move(cur, s[3])
    if length and off >= length then
      if off == 0 then begin(cur, s[3]) end
      if s[4] then add((cur + 1) .. '-' .. GAP, 't', 'gap', 'seq', cur, 'offset', off, 'reason', s[4]) end
      forget(cur)
      at, cur, off = at + off, cur + 1, 0
      budget = budget - 1   -- sentences without a byte must not make this loop long
    elseif found == 0 then break end
  end
  C('HSET', H, 'cur', cur, 'off', off, 'at', at)
  if cur == n then
    drop_rest(cur)     -- a server that lost the end of a text has closed it without; somebody may have spoken that end
    terminate('done', h[7] or '', cur, at, n, h[6])
    state, ended = 'done', 1
  else   -- a job that waits for its turn has nothing to be missed: it is looked at ten times less often
    local waits = cur == 0 and off == 0 and C('HEXISTS', H, 'r0') == 0
    look_again(time_ms() + (waits and 10 or 1) * ARGV[5], job)
  end
elseif to_be_stored() then look_again(time_ms() + ARGV[5], job)
else C('ZREM', LIVE, job) end
local more = state == 'run' and budget <= 0
if more then notify() end
if ARGV[4] ~= '' then
  C('XACK', NTF, 'reassembler', ARGV[4])
  C('XDEL', NTF, ARGV[4])
end
return {moved, more and 1 or 0, state or '', h[5] or '', ended, cur, at, num(h[4], 0)}
