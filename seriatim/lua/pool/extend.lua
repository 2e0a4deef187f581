-- More sentences of an open job, from sequence number `first`; with `close`, the last ones. May run twice.
-- KEYS[1] pool prefix.  ARGV: now, job, first, close (0/1), producer lease ms, ended life ms, then "<ms>|<sentence>"
-- Returns {verdict, n}: OK, GONE (no such job, or it was cancelled or failed), CLOSED, GAP (n sentences are known; send from
-- there), FULL (the job's queue limit: nothing was taken, try again when some were spoken), CONFLICT (the job has an idempotency
-- key, and says something else).
local OK, GONE, CLOSED, GAP, FULL, CONFLICT = 0, 1, 2, 3, 4, 5
local t = clock()
local job, first, close, lease, ended_life = ARGV[2], tonumber(ARGV[3]), ARGV[4] == '1', tonumber(ARGV[5]), tonumber(ARGV[6])
local key = job_key(job)
local h = C('HMGET', key, 'state', 'n', 'closed', 'queue_limit', 'total', 'dispatched', 't0', 'target', 'next', 'done_ms', 'user', 'class')
local keyed = C('EXISTS', P .. ':said:' .. job) == 1
local said = keyed and digests(7) or ''
if keyed and differs(job, first, said, close) then return {CONFLICT, num(h[2], 0)} end   -- whether or not it is over
if h[1] ~= 'run' and h[1] ~= 'spoken' then return {GONE, num(h[2], 0)} end
local n, given = tonumber(h[2]), #ARGV - 6
if h[3] == '1' then return {(first + given <= n) and OK or CLOSED, n} end
if lease > 0 then C('HSET', key, 'producer', int(t + lease)) end   -- whatever the answer: the producer lives
if first > n then return {GAP, n} end

local fresh, added = {}, 0
for i = n - first + 1, given do
  fresh[#fresh + 1] = ARGV[6 + i]
  added = added + tonumber(string.match(ARGV[6 + i], '^(%d+)|'))
end
local queued = tonumber(h[5]) - tonumber(h[10])   -- both as estimated: `dispatched` has actual times in it
if #fresh > 0 and queued > 0 and queued + added > tonumber(h[4]) then return {FULL, n} end
for i, sentence in ipairs(fresh) do C('HSET', P .. ':jt:' .. job, n + i - 1, sentence) end
if keyed then C('APPEND', P .. ':said:' .. job, string.sub(said, 4 * (n - first) + 1) .. (close and WHOLE or '')) end
if #fresh > 0 then
  life_of(job, P .. ':jt:' .. job)
  -- After a pause nothing is late: playback goes on a first-audio target from now.
  if tonumber(h[9]) == n and h[12] == 'L' then C('HSET', key, 't0', int(math.max(tonumber(h[7]), t + tonumber(h[8]) - tonumber(h[6])))) end
  n = C('HINCRBY', key, 'n', #fresh)
  C('HINCRBY', key, 'live', #fresh)
  C('HINCRBY', M, 'sentences', #fresh)
  C('HINCRBYFLOAT', key, 'total', added)
  C('HINCRBYFLOAT', user_key(h[11]), 'queued', added)
end
if close then
  C('HSET', key, 'closed', 1, 'producer', 0)
  todo(t, 'close', job, int(n), '')
  if tonumber(C('HGET', key, 'live')) == 0 then end_job(job, 'spoken', '', t, ended_life) return {OK, n} end
  expect_end(job)
end
index_job(job, t)
return {OK, n}
