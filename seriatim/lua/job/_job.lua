-- The prelude of every job script. KEYS[1] is the shard's prefix; ARGV[1] is the job, ARGV[2] the server's time in ms or ''.
local K, job = KEYS[1], ARGV[1]
local C = redis.call
local H, O, NTF, LIVE, OVER = K .. ':c:' .. job, K .. ':o:' .. job, K .. ':ntf', K .. ':live', K .. ':over'
local GAP, END = '9007199254740990', '9007199254740991'   -- seriatim/keys.py
local NTF_LIFE = 604800000
local LENGTHS_KEPT = 64    -- of sentences that are out: a retry of one learns its length; more are never in flight at once
local OVER_KEPT = 60000     -- ms: as long as a reader may be gone (SERIATIM_READER_GRACE_S)
local NTF_MOST = 100000   -- with no reassembler alive the oldest go: the sweep finds their jobs

local function num(x, default)
  if x then return tonumber(x) end
  return default
end

local function time_ms()
  if ARGV[2] ~= '' then return tonumber(ARGV[2]) end
  local t = C('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

local function chunks(seq) return K .. ':b:' .. job .. ':' .. seq end

-- Keys that are made while a job runs live as long as the job does.
local function keep(key)
  local left = C('PTTL', H)
  if left > 0 then C('PEXPIRE', key, left) end
end

-- A reassembler looks at the job again at time `t`, in ms.
local function look_again(t, id)
  C('ZADD', LIVE, string.format('%.0f', t), id)
  C('PEXPIRE', LIVE, NTF_LIFE)
end

local function notify()
  C('XADD', NTF, 'MAXLEN', '~', NTF_MOST, '*', 'j', job)
  C('PEXPIRE', NTF, NTF_LIFE)
end

-- An ended job that a recorder drains is looked at until it is stored whole: nobody but the sweep tells a new recorder of it.
local function to_be_stored()
  local h = C('HMGET', H, 'drain', 'stored_all')
  return h[1] == 'store' and not h[2]
end

-- The terminal entry of the ordered stream, once. After it the job's keys have `ended_life` ms to live; a job of the store
-- keeps its whole life until it is recorded, because its disk may be full tonight.
local function terminate(state, reason, cur, at, n, ended_life)
  redis.pcall('XADD', O, (cur + 1) .. '-' .. END, 't', 'end', 'state', state, 'reason', reason, 'at', at, 'n', n)
  C('HSET', H, 'state', state, 'reason', reason)
  if to_be_stored() then return look_again(time_ms(), job) end
  C('ZREM', LIVE, job)
  C('PEXPIRE', H, ended_life)
  C('PEXPIRE', O, ended_life)
end

-- Is memory short? Before new jobs are refused, that is: from three quarters on of the share of it that they may fill.
local NEARLY = 0.75
local function short(share)
  local memory = C('INFO', 'memory')
  local limit = num(string.match(memory, '\nmaxmemory:(%d+)'), 0)
  return limit > 0 and tonumber(string.match(memory, 'used_memory:(%d+)')) > NEARLY * num(share, 0.8) * limit
end

-- An ended job that nobody has more to hear of: its reader has the end, or it was cancelled. Its sound goes OVER_KEPT later, because
-- the reader may be a gateway whose client lost its connection just then and comes back; or sooner, where memory is short (due.lua).
local function over_soon()
  local h = C('HMGET', H, 'state', 'drain')
  if not h[1] or h[1] == 'run' or h[2] == 'store' then return end
  C('ZADD', OVER, 'NX', string.format('%.0f', time_ms() + OVER_KEPT), job)
  C('PEXPIRE', OVER, NTF_LIFE)
end

-- A sentence is out: nothing of it is kept but its length.
local function forget(seq)
  C('DEL', chunks(seq))
  C('HDEL', H, 'a' .. seq, 'r' .. seq, 'x' .. seq, 'g' .. seq, 'h' .. seq, 'd' .. seq, 'q' .. seq, 'e' .. seq, 'Q',
    'L' .. (seq - LENGTHS_KEPT))
end

-- The cursor: the sentence, the bytes of it that are out, the bytes of the job before it. If a log was cut in the middle of a
-- step the ordered stream may be ahead of what the hash says: then the stream is right, because that was heard.
local function cursor()
  local h = C('HMGET', H, 'cur', 'off', 'at', 'state', 'ended_life')
  local cur, off, at = num(h[1], 0), num(h[2], 0), num(h[3], 0)
  if h[4] ~= 'run' or #C('XRANGE', O, '(' .. (cur + 1) .. '-' .. off, '+', 'COUNT', 1) == 0 then return cur, off, at end
  local last = C('XREVRANGE', O, '+', '-', 'COUNT', 1)[1]
  local id, sub = string.match(last[1], '^(%d+)-(%d+)$')
  local begun = C('XRANGE', O, id .. '-0', id .. '-0')[1]
  if begun then at = tonumber(begun[2][6]) end
  local seq = tonumber(id) - 1
  if sub == END then terminate(last[2][4], last[2][6], seq, last[2][8], last[2][10], h[5])
  elseif sub == GAP then seq, off, at = seq + 1, 0, at + tonumber(last[2][6])
  else off = tonumber(sub) - tonumber(sub) % 2 end     -- an odd one is a discontinuity
  for out = cur, seq - 1 do forget(out) end
  C('HDEL', H, 'Q')
  C('HSET', H, 'cur', seq, 'off', off, 'at', at)
  return seq, off, at
end

-- Drop what was received and not heard, from the cursor on.
local function drop_rest(cur)
  for _, field in ipairs(C('HKEYS', H)) do
    local seq = string.match(field, '^a(%d+)$')
    if seq and tonumber(seq) >= cur then C('DEL', chunks(seq)) end
  end
end
