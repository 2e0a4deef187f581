-- The life of the keys that last as long as the pool: renewed once an hour, and not by every step that writes them.
local RENEW_AFTER = 3600000

local function renew_keys(t, renewed)
  if t < num(renewed, 0) + RENEW_AFTER and t >= num(renewed, 0) then return end
  C('HSET', M, 'renewed', int(t))
  for _, key in ipairs({M, P .. ':n', P .. ':tag:L', P .. ':tag:B', P .. ':elig:L', P .. ':elig:B', P .. ':delay', P .. ':shut',
    P .. ':lease', P .. ':yields', P .. ':resumes', P .. ':outbox', P .. ':todo', P .. ':act', P .. ':ends', P .. ':held',
    P .. ':rest', P .. ':lim', P .. ':confirm'}) do keep(key) end
end
