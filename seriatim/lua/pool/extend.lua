-- requires: clock, submitted_text, lifecycle, capacity, fairness, records
-- More sentences of an open job, from sequence number `first`; with `close`, the last ones. May run twice.
-- KEYS[1] pool prefix.  ARGV: now, job, first, close (0/1), producer lease ms, ended life ms, then "<ms>|<sentence>"
-- Returns {verdict, n}: OK, GONE (no such job, or it was cancelled or failed), CLOSED, GAP (n sentences are known; send from
-- there), FULL (the job's queue limit: nothing was taken, try again when some were spoken), CONFLICT (the job has an idempotency
-- key, and its text differs).
local OK, GONE, CLOSED, GAP, FULL, CONFLICT = 0, 1, 2, 3, 4, 5
local t = clock()
local _, job, first, close, lease, ended_life = unpack(ARGV, 1, 6)
first, close, lease, ended_life = tonumber(first), close == '1', tonumber(lease), tonumber(ended_life)
local key = job_key(job)
local j = read(key, 'state', 'n', 'closed', 'queue_limit', 'total', 'dispatched', 't0', 'target', 'next', 'done_ms', 'user',
  'class', 'since', 'passed')
local keyed = C('EXISTS', P .. ':said:' .. job) == 1
local sent = keyed and digests(7) or ''
if keyed and text_differs(job, first, sent, close) then return {CONFLICT, num(j.n, 0)} end   -- whether or not it is over
if j.state ~= 'run' and j.state ~= 'spoken' then return {GONE, num(j.n, 0)} end
local n, given = tonumber(j.n), #ARGV - 6
if j.closed == '1' then return {(first + given <= n) and OK or CLOSED, n} end
if lease > 0 then C('HSET', key, 'producer', int(t + lease)) end   -- whatever the answer: the producer lives
if first > n then return {GAP, n} end

local known, added = n - first, 0     -- of what is sent
local n_fresh = math.max(0, given - known)
for i = 7 + known, #ARGV do added = added + tonumber(string.match(ARGV[i], '^(%d+)|')) end
local queued = tonumber(j.total) - tonumber(j.done_ms)   -- both as estimated: `dispatched` has actual times in it
if n_fresh > 0 and queued > 0 and queued + added > tonumber(j.queue_limit) then return {FULL, n} end
put_texts(job, n, 7 + known, t)
if keyed then C('APPEND', P .. ':said:' .. job, string.sub(sent, 4 * (n - first) + 1) .. (close and WHOLE or '')) end
if n_fresh > 0 then
  -- After a pause nothing is late: playback goes on a first-audio target from now.
  if tonumber(j.next) == n and j.class == 'L' then
    j.t0 = int(math.max(tonumber(j.t0), t + tonumber(j.target) - tonumber(j.dispatched)))
    C('HSET', key, 't0', j.t0)
  end
  n = C('HINCRBY', key, 'n', n_fresh)
  C('HINCRBY', key, 'live', n_fresh)
  C('HINCRBY', M, 'sentences', n_fresh)
  j.total = C('HINCRBYFLOAT', key, 'total', added)
  C('HINCRBYFLOAT', user_key(j.user), 'queued', added)
end
if close then
  C('HSET', key, 'closed', 1, 'producer', 0)
  j.closed = '1'
  add_todo(t, 'close', job, int(n), '')
  if tonumber(C('HGET', key, 'live')) == 0 then end_job(job, 'spoken', '', t, ended_life) return {OK, n} end
  record_expected_end(job, j)
end
index_job(job, t)
return {OK, n}
