-- Sentences in flight: dispatched or running.

-- Of a worker's record: `waiting|<job>|<seq>` for each sentence that has come to the process and waits, because one runs there alone
-- or must first run alone.
local WAITING = 'waiting|'

-- Take a sentence out of flight: its lease, its outbox entry, its place in the counts.
local function take_out_of_flight(job, seq, s, user)
  local name = member(job, seq)
  C('ZREM', P .. ':lease', name)
  C('ZREM', P .. ':yields', name)
  C('ZREM', P .. ':outbox', name .. '|' .. int(s.attempt))
  if s.owner ~= '' then
    C('HDEL', P .. ':run:' .. s.owner, name)
    local w = P .. ':w:' .. s.owner
    if s.state == 'D' then C('HDEL', w, WAITING .. name) end
    if C('HGET', w, 'alone') == name then C('HDEL', w, 'alone') end
  end
  C('HINCRBY', M, 'infl', -1)
  C('HINCRBY', user_key(user), 'infl', -1)
  C('HINCRBY', job_key(job), 'infl', -1)
end

-- About how much audio a running attempt has made, in ms.
local function audio_made(s, t)
  if s.state ~= 'R' then return 0 end
  return math.floor(math.min(s.ms, math.max(0, t - s.at) / num(C('HGET', M, 'rtf'), 1)) + 1e-6)
end

-- Notify the process that speaks a sentence that its audio is not wanted any more: it learns it before its next chunk is due.
local function notify_drop(job, seq, s)
  local drop = P .. ':drop:' .. s.owner
  C('RPUSH', drop, member(job, seq) .. '|' .. int(s.attempt))
  C('PEXPIRE', drop, 10000)
end
