-- The pool's keys and the shortest ways to them: every pool script begins with this text.
-- KEYS[1] is the pool's prefix; ARGV[1] is the time in ms, or '' for the server's clock.
local P = KEYS[1]
local C = redis.call
local M = P .. ':m'
local POOL_LIFE = 604800000

local function num(x, default)
  if x then return tonumber(x) end
  return default
end

-- Lua prints 14 digits; attempts and times may have more.
local function int(x) return string.format('%.0f', x) end

-- The values of a few fields of a hash, false for each that is missing.
local function fields(key, ...) return unpack(C('HMGET', key, ...)) end

-- The same as a record, where they are many: `read(key, 'user').user`.
local function read(key, ...)
  local names, found = {...}, C('HMGET', key, ...)
  for i = 1, #names do found[names[i]] = found[i] end
  return found
end

local function keep(key) C('PEXPIRE', key, POOL_LIFE) end

-- A key begins to expire when its first member comes; what lasts is renewed (shared/renewal.lua).
local function zadd(key, score, member)
  if C('ZADD', key, score, member) == 1 and C('ZCARD', key) == 1 then keep(key) end
end

local function job_key(job) return P .. ':j:' .. job end
local function user_key(user) return P .. ':u:' .. user end
local function member(job, seq) return job .. '|' .. seq end
