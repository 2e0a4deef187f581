-- requires: clock, capacity, governor
-- Set an operator's limits of what the pool sends in a minute, for what is picked from now on.
-- KEYS[1] pool prefix.  ARGV: now, then pairs: requests or characters, and the number a minute (1 or more; '' takes it back)
-- Returns {requests, characters} as they are set, '' where they are not.
clock()
for i = 2, #ARGV, 2 do
  local name, most = ARGV[i] .. '_minute', ARGV[i + 1]
  if most == '' then C('HDEL', LIM, name, ARGV[i] .. '_due') else C('HSET', LIM, name, most) end
end
local requests, characters = fields(LIM, 'requests_minute', 'characters_minute')
if requests or characters then C('HSET', M, 'rates', 1) else C('HDEL', M, 'rates') end
if C('EXISTS', LIM) == 1 then keep(LIM) end
wake_dispatcher()
return {requests or '', characters or ''}
