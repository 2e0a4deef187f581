-- The registered workers: their slots, what their engines can be asked for, and whether they give the same audio.

-- The pool's fingerprint is that of a worker which is there: kept while one has it, else that of the longest registered one. The
-- others are shown; an attempt of theirs at a sentence that was heard in part is held or marked by the job's own slot
-- (lua/job/open.lua), which compares the fingerprints of attempts with each other.
local function fingerprint_of(workers)
  local current, first = C('HGET', M, 'fingerprint'), nil
  for _, w in ipairs(workers) do
    if w.fingerprint == current then return current end
    if not first or w.since < first.since or (w.since == first.since and w.owner < first.owner) then first = w end
  end
  return first and first.fingerprint or current
end

-- Count the slots of the workers that are registered now, and the slack: a few sentences may wait in the queue, so that a slot
-- that becomes free need not wait for a dispatch. A hot slot takes its next sentence by itself: what waited in the queue for it
-- would wait long; but a process that speaks several such sentences at once may have one ahead (decision 89), if it is alone: one that
-- waited in it would take the room of an idle slot in another. And list what their engines can be asked for, each different answer once: any worker may get any sentence, so producers
-- ask for what all of them can do.
local function count_slots()
  local slots, cold, ahead, processes, seen, abilities, exact = 0, 0, 0, 0, {}, {}, {}
  for _, owner in ipairs(C('ZRANGE', P .. ':wk', 0, -1)) do
    local own_slots, able, fingerprint, since, hot, holds_ahead =
      fields(P .. ':w:' .. owner, 'slots', 'abilities', 'fingerprint', 'since', 'hot', 'ahead')
    slots = slots + num(own_slots, 0)
    if hot ~= '1' then cold = cold + num(own_slots, 0) end
    if num(own_slots, 0) > 0 then
      processes = processes + 1
      if holds_ahead == '1' then ahead = 1 end
    end
    if able and able ~= '' and not seen[able] then
      seen[able] = true
      abilities[#abilities + 1] = able
    end
    if fingerprint and fingerprint ~= '' then
      exact[#exact + 1] = {owner = owner, fingerprint = fingerprint, since = num(since, 0)}
    end
  end
  if processes > 1 then ahead = 0 end
  C('HSET', M, 'slots', slots, 'slack', math.ceil(cold / 4), 'ahead', ahead,
    'abilities', '[' .. table.concat(abilities, ',') .. ']', 'fingerprint', fingerprint_of(exact) or '')
  return slots
end
