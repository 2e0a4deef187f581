-- A job's keys and the shortest ways to them: every job script begins with this text.
-- KEYS[1] is the shard's prefix; ARGV[1] is the job, ARGV[2] the server's time in ms or ''.
local K, job = KEYS[1], ARGV[1]
local C = redis.call
local H, O, NTF, LIVE, OVER = K .. ':c:' .. job, K .. ':o:' .. job, K .. ':ntf', K .. ':live', K .. ':over'
local REPORTS = K .. ':reports'
local GAP, END = '9007199254740990', '9007199254740991'   -- seriatim/keys.py
local NTF_LIFE = 604800000

local function num(x, default)
  if x then return tonumber(x) end
  return default
end

-- The values of a few fields of a hash, false for each that is missing.
local function fields(key, ...) return unpack(C('HMGET', key, ...)) end

local function chunks(seq) return K .. ':b:' .. job .. ':' .. seq end

-- Keys that are made while a job runs live as long as the job does.
local function keep(key)
  local left = C('PTTL', H)
  if left > 0 then C('PEXPIRE', key, left) end
end
