-- requires: failures, workers, flight, records
-- The removal of a worker process that is no more.

-- What has come to the process and waited, alone or behind one that is alone, comes back at once: it was not spoken, and is blamed
-- for nothing.
local function give_back_waiting(owner, reason, t, retry)
  for _, field in ipairs(C('HKEYS', P .. ':w:' .. owner)) do
    local job, seq = string.match(field, '^' .. WAITING .. '(.*)|(%d+)$')
    local s = job and sentence_get(job, seq)
    if s and s.state == 'D' and s.owner == owner then
      local user, class = fields(job_key(job), 'user', 'class')
      fail_attempt(job, seq, s, user, class, false, reason, t, retry)
    end
  end
end

-- A sentence that was alone in the process may have killed it, and is blamed; of several it cannot be known which one did, so
-- each becomes a suspect and runs alone next time. `blame` false: the process left in order.
local function remove_worker(owner, blame, reason, t, retry)
  local run = C('HKEYS', P .. ':run:' .. owner)
  for _, name in ipairs(run) do
    local job, seq = string.match(name, '^(.*)|(%d+)$')
    local s = sentence_get(job, seq)
    if s and s.state == 'R' and s.owner == owner then
      if blame and #run > 1 then s.suspect = 1 end
      local user, class = fields(job_key(job), 'user', 'class')
      fail_attempt(job, seq, s, user, class, blame and #run == 1, reason, t, retry)
    end
  end
  give_back_waiting(owner, reason, t, retry)
  C('DEL', P .. ':run:' .. owner, P .. ':w:' .. owner)
  C('ZREM', P .. ':wk', owner)
  count_slots()
end
