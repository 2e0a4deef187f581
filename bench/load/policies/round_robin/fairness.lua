-- Behind plain/fairness.lua: users in the order of their last turns (the fence at that time), a newcomer's being now.
local place_user = index_user
index_user = function(user, class)
  local tags, eligible, turn = P .. ':tag:' .. class, P .. ':elig:' .. class, 'turn_' .. class
  local waited = C('ZSCORE', tags, user)
  local cap = place_user(user, class)
  if not C('ZSCORE', tags, user) then return cap end
  if not waited then C('HSET', user_key(user), turn, C('HGET', M, 'fence') or 0) end
  if C('ZSCORE', eligible, user) then zadd(eligible, num(C('HGET', user_key(user), turn), 0), user) end
  return cap
end
