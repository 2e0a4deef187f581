-- The clock of a pool: the server's time, made monotone. A backward step becomes a stored offset; a forward step of more than
-- ten seconds between two calls is absorbed, so that an hour's jump reaps nothing and delays nothing. Read once a script.
local function read_clock()
  local raw = tonumber(ARGV[1])
  if not raw then
    local seconds, microseconds = unpack(C('TIME'))
    raw = seconds * 1000 + math.floor(microseconds / 1000)
  end
  local last, off = fields(M, 'now', 'off')
  last, off = num(last), num(off, 0)
  if not last then C('HSET', M, 'now', int(raw), 'off', 0); keep(M); return raw end
  local t = raw + off
  if t < last or t > last + 10000 then off = off + (last - t); t = last; C('HSET', M, 'off', int(off)) end
  if t ~= last then C('HSET', M, 'now', int(t)) end
  return t
end

local time
local function clock()
  if not time then time = read_clock() end
  return time
end
