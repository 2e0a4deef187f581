-- Sentences in flight: dispatched or running.

-- Of a worker's record: `waiting|<job>|<seq>` for each sentence that has come to the process and waits, because one runs there alone
-- or must first run alone.
local WAITING = 'waiting|'

-- Take a sentence (of a user and a class) out of flight: its lease, its outbox entry, its place in the counts. One that runs left the
-- outbox when it was claimed; batch alone makes way for others; a process is kept empty for suspects alone.
local function take_out_of_flight(job, seq, s, user, class)
  local name = member(job, seq)
  C('ZREM', P .. ':lease', name)
  if class == 'B' then C('ZREM', P .. ':yields', name) end
  if s.spent then C('ZREM', P .. ':resumes', name) end
  if s.state == 'D' then C('ZREM', P .. ':outbox', name .. '|' .. int(s.attempt)) end
  if s.owner ~= '' then
    local w = P .. ':w:' .. s.owner
    if s.state == 'D' then C('HDEL', w, WAITING .. name) else C('HDEL', P .. ':run:' .. s.owner, name) end
    if s.suspect == 1 and C('HGET', w, 'alone') == name then C('HDEL', w, 'alone') end
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
