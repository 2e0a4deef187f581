-- The registered workers: their slots, and what their engines can be asked for.

-- Count the slots of the workers that are registered now, and the slack: a few sentences may wait in the queue, so that a slot
-- that becomes free need not wait for a dispatch. And list what their engines can be asked for, each different answer once: any
-- worker may get any sentence, so producers ask for what all of them can do.
local function count_slots()
  local slots, seen, abilities = 0, {}, {}
  for _, owner in ipairs(C('ZRANGE', P .. ':wk', 0, -1)) do
    local own_slots, able = fields(P .. ':w:' .. owner, 'slots', 'abilities')
    slots = slots + num(own_slots, 0)
    if able and able ~= '' and not seen[able] then
      seen[able] = true
      abilities[#abilities + 1] = able
    end
  end
  C('HSET', M, 'slots', slots, 'slack', slots == 0 and 0 or math.ceil(slots / 4),
    'abilities', '[' .. table.concat(abilities, ',') .. ']')
  return slots
end
