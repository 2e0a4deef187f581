-- The budget of a user: the characters a day (UTC) that engines may be sent for it (:spent:<day>, user -> characters). They are counted
-- at each claim, so that an attempt that is repeated, and paid again, counts again: no loop can empty an account.
local DAY = 86400000

local function spent_key(t) return P .. ':spent:' .. int(math.floor(t / DAY)) end

-- The characters of a sentence (JSON).
local function count_characters(sentence)
  local _, n = string.gsub(cjson.decode(sentence).text or '', '[^\128-\191]', '')     -- UTF-8: each has one byte that continues none
  return n
end

-- Count `n` characters. Returns false where they are more than the budget leaves.
local function spend_characters(user, budget, n, t)
  local key = spent_key(t)
  if num(C('HGET', key, user), 0) + n > budget then return false end
  if C('HINCRBY', key, user, n) == n then C('PEXPIRE', key, 2 * DAY) end
  return true
end
