-- The server's memory, of which new jobs may fill a share.

-- Bytes of memory used, the most that may be (0: any number), what of them new jobs may fill, and the bytes of data.
local function memory(share)
  local found = C('INFO', 'memory')
  local function of(name) return num(string.match(found, '\n' .. name .. ':(%d+)'), 0) end
  return of('used_memory'), of('maxmemory'), share * of('maxmemory'), of('used_memory_dataset')
end

-- How long until there is memory for new jobs: as many jobs of this pool must come to their end as hold what is too much, each taken
-- to hold as much as the others. What was read to its end goes within FREED (lua/job/due.lua). What was spoken (:rest) is read by the
-- time at which it will have been heard, or else goes when the life of its stream is over. Where no end is known, a recorder
-- may be about to make room.
local FREED, SOMETIME = 1000, 5000
local function memory_wait_ms(t, share)
  local used, _, limit, dataset = memory(share)
  local function each(key, take)
    local found = C('ZRANGE', key, 0, 255, 'WITHSCORES')
    for i = 1, #found, 2 do take(string.match(found[i], '^[^|]+'), tonumber(found[i + 1])) end
  end
  local ends, at = {}, {}
  each(P .. ':rest', function(job, when) ends[job] = when end)
  each(P .. ':held', function(job, when) ends[job] = ends[job] and when or t end)
  each(P .. ':ends', function(job, when) ends[job] = when end)
  for _, when in pairs(ends) do at[#at + 1] = when end
  if #at == 0 then return SOMETIME end
  table.sort(at)
  local k = math.ceil((used - limit) * #at / math.max(1, dataset))
  return math.max(0, at[math.max(1, math.min(#at, k))] - t) + FREED
end
