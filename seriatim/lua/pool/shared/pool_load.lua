-- The load of the pool, and how it degrades under it: first batch looks less far ahead, then first pieces and chunks become
-- smaller, then new live jobs are refused.

-- The slots that the governor lets the pool use.
local function usable_slots(slots, allowed) return math.min(num(slots, 0), num(allowed, 1e9)) end

-- The share of the slots open to live jobs.
local function live_room(slots, eta, reserve) return num(eta, 1) * (1 - num(reserve, 0)) * num(slots, 0) end

-- The lateness factor, by which admission multiplies what live jobs need. Each live sentence that is claimed after its deadline
-- raises it (claim.lua); one claimed in time lowers it by a twentieth of that, and of what is left a minute takes half.
-- `m`: the pool's record with `late`, `late_at` (the factor, and when that was so) and `now`.
local CALM_HALF = 60000     -- ms
local function lateness(m)
  local late = num(m.late, 1)
  if late <= 1 then return 1 end
  return 1 + (late - 1) * 0.5 ^ ((num(m.now, 0) - num(m.late_at, 0)) / CALM_HALF)
end

-- What live jobs need of it, by the pool's record if it was read already.
local REST = 1e-9     -- slots: what a sum of floats may leave where nothing is needed
local function current_load(m)
  m = m or read(M, 'demand', 'slots', 'eta', 'reserve', 'allowed', 'now', 'late', 'late_at')
  local room = live_room(usable_slots(m.slots, m.allowed), m.eta, m.reserve)
  if room > 0 then return num(m.demand, 0) * lateness(m) / room end
  return num(m.demand, 0) > REST and 1 or 0
end

-- 1 up to `from`, falling to a quarter where everything is needed.
local function shrink_factor(load, from) return math.max(0.25, math.min(1, (1 - load) / (1 - from))) end
local function batch_share() return shrink_factor(current_load(), 0.7) end
local function chunk_share(m) return shrink_factor(current_load(m), 0.85) end
