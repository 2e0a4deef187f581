-- requires: budget, governor
-- The rates that an operator allows a pool: requests and characters a minute, counted where sentences are picked (:lim has
-- `requests_minute` and `characters_minute`, and when each is due again: `requests_due`, `characters_due`, as in the generic
-- cell rate algorithm of ITU-T I.371). What comes in a burst may be BURST ahead.
local RATES = {'requests', 'characters'}
local BURST = 5000     -- ms

-- The rates that are set, by name: what one costs in ms, and until when those picked so far last.
local function read_rates(t)
  local rates = {}
  for _, name in ipairs(RATES) do
    local most, due = fields(LIM, name .. '_minute', name .. '_due')
    if most then rates[name] = {cost = 60000 / most, due = math.max(t, num(due, 0))} end
  end
  return rates
end

local function within_rates(rates, t)
  for _, rate in pairs(rates) do
    if rate.due > t + BURST then return false end
  end
  return true
end

local function spend_rate(name, rate, n)
  rate.due = rate.due + n * rate.cost
  C('HSET', LIM, name .. '_due', int(rate.due))
end

-- Count a sentence that is picked.
local function spend_rates(rates, job, seq)
  if rates.requests then spend_rate('requests', rates.requests, 1) end
  if rates.characters then
    local sentence = string.match(C('HGET', P .. ':jt:' .. job, seq), '^%d+|(.*)$')
    spend_rate('characters', rates.characters, count_characters(sentence))
  end
end
