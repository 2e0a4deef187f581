-- Counters that only rise (docs/reference/metrics.md), and the lines of a job's timeline.
local EVENTS = 512         -- of a job's timeline: about 45 kB (decision 12)

local function count(name, by)
  if C('HINCRBY', P .. ':n', name, int(by or 1)) == (by or 1) then keep(P .. ':n') end
end

-- Count a time in the bucket of the smallest bound that holds it.
local function measure(name, ms, bounds)
  for _, bound in ipairs(bounds) do
    if ms <= bound then return count(name .. ':' .. bound) end
  end
  count(name .. ':inf')
end

-- Add a line to a job's timeline, if it still has one: a display must never stop a step.
local function event(job, t, kind, ...)
  redis.pcall('XADD', P .. ':tl:' .. job, 'NOMKSTREAM', 'MAXLEN', '~', EVENTS, int(t) .. '-*', 'e', kind, ...)
end
