-- Behind shared/selection.lua, for first in, first out and round robin: every user is eligible, nothing makes way.
local read_fair_pool = read_pool
read_pool = function()
  local pool = read_fair_pool()
  pool.theta = 1e15
  return pool
end

make_way = function() return nil end

choose = function(pool, t)
  local live, batch = first_job(pool, 'L'), first_job(pool, 'B')
  local a = live and tonumber(C('ZSCORE', P .. ':elig:L', live.user))
  local b = batch and tonumber(C('ZSCORE', P .. ':elig:B', batch.user))
  if a and not (b and b < a) then return with_sentence(pool, live, t) end
  return b and with_sentence(pool, batch, t)
end
