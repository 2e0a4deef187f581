-- Behind plain/selection.lua: a user whose sentence is taken had its turn.
local put = sentence_put
sentence_put = function(job, seq, s, t)
  put(job, seq, s, t)
  if s.state ~= 'D' then return end
  local user, class = fields(job_key(job), 'user', 'class')
  C('HSET', user_key(user), 'turn_' .. class, int(s.attempt))
end
