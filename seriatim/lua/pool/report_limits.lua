-- requires: clock, governor
-- The limits of its account that an engine's server reported. They only lower what the pool may speak at once.
-- KEYS[1] pool prefix.  ARGV: now, open requests, most open requests, requests left, ms until these are refilled; '' where not reported
-- Returns 1.
--
-- Open requests beyond those of the pool are of other clients: their places are not the pool's. Where none is left, nothing is
-- picked until they are refilled; where few are, no more than these.
local t = clock()
local _, open, most, left, reset = unpack(ARGV)
if most ~= '' then
  local others = math.max(0, num(open ~= '' and open, 0) - num(C('HGET', M, 'infl'), 0))
  C('HSET', LIM, 'reported', int(math.max(1, most - others)), 'reported_at', int(t))
  enforce_limits()
end
if left ~= '' and reset ~= '' then limit_requests(t, tonumber(left), t + reset) end
return 1
