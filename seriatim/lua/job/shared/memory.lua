-- The server's memory. Short is from three quarters on of the share that new jobs may fill: before they are refused.
local NEARLY = 0.75
local function memory_is_short(share)
  local memory = C('INFO', 'memory')
  local limit = num(string.match(memory, '\nmaxmemory:(%d+)'), 0)
  return limit > 0 and tonumber(string.match(memory, 'used_memory:(%d+)')) > NEARLY * num(share, 0.8) * limit
end
