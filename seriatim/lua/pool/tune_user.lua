-- requires: clock, fairness, capacity
-- Set what a user gets of this pool, whatever its requests say: for its running jobs at once, and for those to come until it is
-- taken back or nothing was set for a week. One step: the setting and the indexes that follow it.
-- KEYS[1] pool prefix.  ARGV: now, user, then pairs: a limit of seriatim/user_limits.py, and a value; '' takes it back
-- Returns the settings as a flat list.
clock()
local user = ARGV[2]
local set = P .. ':set:' .. user
for i = 3, #ARGV, 2 do
  if ARGV[i + 1] == '' then C('HDEL', set, ARGV[i]) else C('HSET', set, ARGV[i], ARGV[i + 1]) end
end
keep(set)
if C('EXISTS', user_key(user)) == 1 then
  for i = 3, #ARGV, 2 do
    local name, value = ARGV[i], ARGV[i + 1]
    if value ~= '' and (name == 'weight' or name == 'cap_infl' or name == 'cap_chars') then C('HSET', user_key(user), name, value)
    elseif name == 'cap_infl' or name == 'cap_chars' then C('HDEL', user_key(user), name) end
  end
  index_user(user, 'L')
  index_user(user, 'B')
  wake_dispatcher()
end
return C('HGETALL', set)
