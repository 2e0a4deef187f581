-- requires: clock, pool_load, capacity, governor
-- Set an operator's limit of the sentences that the pool speaks at once, for what is picked from now on.
-- KEYS[1] pool prefix.  ARGV: now, the limit (1 or more; '' takes it back)
-- Returns {what is set, or ''; the slots that the pool may use}
clock()
local ceiling = ARGV[2]
if ceiling == '' then C('HDEL', LIM, 'ceiling') else C('HSET', LIM, 'ceiling', int(ceiling)) end
enforce_limits()
wake_dispatcher()
return {C('HGET', LIM, 'ceiling') or '', int(usable_slots(fields(M, 'slots', 'allowed')))}
