#!lua flags=allow-oom
-- A reader has `delivered` ms of the job, and has heard `heard` ms of it (-1: unknown). Opens the window, moves the
-- deadlines to the playback that really happens, and shows that the reader lives. Monotone; may run twice.
-- KEYS[1] pool prefix.  ARGV: now, job, delivered ms, heard ms
-- Returns for how many ms a reader may be gone, 0 if the job's pool part is over.
local t = clock()
local job, delivered, heard = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local key = job_key(job)
local h = C('HMGET', key, 'state', 'acked', 't0', 'started', 'class', 'heard', 'drawn', 'rate', 'dispatched', 'play', 'grace')
if h[1] == 'spoken' and h[5] == 'L' and heard >= tonumber(h[9]) then let_go(job .. '|' .. h[8]) end     -- heard to the end
if h[1] == 'spoken' and delivered >= tonumber(h[9]) - 1 then C('ZREM', P .. ':rest', job) end     -- its end goes soon
if h[1] ~= 'run' then return 0 end
local acked, t0 = tonumber(h[2]), tonumber(h[3])
C('HSET', key, 'seen', int(t))
if h[5] == 'B' or h[10] then   -- batch goes in the order of submission, whoever listens already; a file is not played yet
elseif heard >= 0 then
  heard = math.max(heard, num(h[6], 0))     -- a report that was overtaken on its way does not turn playback back
  C('HSET', key, 'heard', heard)
  t0 = t - math.min(heard, math.max(delivered, acked))
elseif delivered > acked then
  -- Nobody says what was heard: playback begins with the first delivery, and pauses when everything delivered is played.
  if h[4] ~= '1' then t0 = t
  elseif t > t0 + acked then t0 = t - acked end
end
if delivered > 0 then C('HSET', key, 'started', 1) end
local most = math.max(delivered, acked)
if h[5] == 'L' and most > 0 and t >= num(h[7], 0) + 1000 then     -- once a second is enough for a picture
  C('HSET', key, 'drawn', int(t))
  event(job, t, 'heard', 'delivered', int(most), 'heard', int(math.max(0, math.min(most, t - t0))))
end
if delivered > acked or t0 ~= tonumber(h[3]) then
  C('HSET', key, 'acked', most, 't0', int(t0))
  expect_end(job)
  if index_job(job, t) then wake() end
end
return math.max(1, num(h[11], 0))
