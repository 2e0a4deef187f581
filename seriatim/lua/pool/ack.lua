#!lua flags=allow-oom
-- requires: clock, counters, fairness, capacity
-- A reader has `delivered` ms of the job, and has heard `heard` ms of it (-1: unknown). Opens the window, moves the
-- deadlines to the playback that really happens, and shows that the reader lives. Monotone; may run twice.
-- KEYS[1] pool prefix.  ARGV: now, job, delivered ms, heard ms
-- Returns for how many ms a reader may be gone, 0 if the job's pool part is over; and the job's window in ms.
local t = clock()
local _, job, delivered, heard = unpack(ARGV)
delivered, heard = tonumber(delivered), tonumber(heard)
local key = job_key(job)
local j = read(key, 'state', 'acked', 't0', 'started', 'class', 'heard', 'drawn', 'rate', 'dispatched', 'play', 'grace',
  'closed', 'total', 'since', 'behind', 'passed', 'window')
if j.state == 'spoken' then
  if j.class == 'L' and heard >= tonumber(j.dispatched) then release_hold(job .. '|' .. j.rate) end     -- heard to the end
  if delivered >= tonumber(j.dispatched) - 1 then C('ZREM', P .. ':rest', job) end     -- its end goes soon
end
if j.state ~= 'run' then return {0, 0} end
local acked, t0 = tonumber(j.acked), tonumber(j.t0)
local changed = {'seen', int(t)}
local function set(field, value) changed[#changed + 1], changed[#changed + 2] = field, value end
if j.class == 'B' or j.play then   -- batch goes in the order of submission, with or without a listener; a file is not played yet
elseif heard >= 0 then
  heard = math.max(heard, num(j.heard, 0))     -- a report that was overtaken on its way does not turn playback back
  set('heard', heard)
  t0 = t - math.min(heard, math.max(delivered, acked))
elseif delivered > acked then
  -- No report of what was heard: playback begins with the first delivery, or behind the job before it, and pauses when everything delivered is played.
  if j.started ~= '1' then t0 = math.max(t, num(j.behind, 0))
  elseif t > t0 + acked then t0 = t - acked end
end
if delivered > 0 and j.started ~= '1' then set('started', 1) end
local most = math.max(delivered, acked)
if j.class == 'L' and most > 0 and t >= num(j.drawn, 0) + 1000 then     -- once a second is enough for a picture
  set('drawn', int(t))
  event(job, t, 'heard', 'delivered', int(most), 'heard', int(math.max(0, math.min(most, t - t0))))
end
local moved = delivered > acked or t0 ~= tonumber(j.t0)
if moved then
  j.t0 = int(t0)
  set('acked', most)
  set('t0', j.t0)
end
C('HSET', key, unpack(changed))
if moved then
  record_expected_end(job, j)
  if index_job(job, t) then wake_dispatcher() end
end
return {math.max(1, num(j.grace, 0)), num(j.window, 0)}
