-- requires: lifecycle, counters, fairness, flight, records
-- Attempts that come to nothing: another one, or the gap policy; and workers that are gone.

-- The dead-letter list keeps the newest DEAD_MOST sentences of POOL_LIFE, each with all it takes to speak it again (decision 14).
local DEAD_MOST = 1000
local LONGEST_BACKOFF, MOST_DOUBLINGS = 60000, 30      -- ms
local LENGTHS = {1000, 2000, 5000, 10000, 20000, 30000, 60000}    -- of sentences, in ms; as seriatim/pool_metrics.py has them

local function add_dead_letter(name, t, letter)
  local order = P .. ':dead:at'
  C('HSET', P .. ':dead', name, letter)
  C('ZADD', order, t, name)
  keep(P .. ':dead')
  keep(order)
  local gone = C('ZRANGEBYSCORE', order, '-inf', int(t - POOL_LIFE), 'LIMIT', 0, 128)
  for _, oldest in ipairs(C('ZRANGE', order, 0, -DEAD_MOST - 1)) do gone[#gone + 1] = oldest end
  for _, old in ipairs(gone) do C('HDEL', P .. ':dead', old); C('ZREM', order, old) end
end

-- Give a sentence up: the gap policy decides. `job|seq` stays in the dead-letter list until an operator takes it out.
-- `refused`: the engine cannot do what the caller wants. That is no dead letter. `whole`: nor for any other sentence of the job, which
-- fails: its options are wrong, and a book of silence would be no answer.
local function give_up_sentence(job, seq, s, reason, t, ended_life, refused, whole)
  local gap, spec, user = fields(job_key(job), 'gap', 'spec', 'user')
  local text = C('HGET', P .. ':jt:' .. job, seq) or ''
  if not refused then
    add_dead_letter(member(job, seq), t, cjson.encode({reason = reason, at = int(t), failures = s.failures, sentence = text,
      spec = spec or '', user = user or ''}))
    C('HINCRBY', M, 'given_up', 1)
  end
  s.state, s.owner = 'X', ''
  sentence_put(job, seq, s, t)     -- it is out of flight: the end of the job must not take it out again
  if gap == 'fail' or whole then
    local why = 'sentence ' .. seq .. ': ' .. reason
    add_todo(t, 'end', job, 'failed', why)
    end_job(job, 'failed', why, t, ended_life)
  else
    add_todo(t, 'fill', job, seq, gap == 'silence' and s.ms or 0, reason)
    index_job(job, t)
  end
end

-- Retry policy: most failures of a sentence, back-off in ms, life of an ended job in ms.
local function retry_policy(max_failures, backoff, ended_life)
  return {max_failures = tonumber(max_failures), backoff = tonumber(backoff), ended_life = tonumber(ended_life)}
end

-- Back-off in ms behind a number of failures (one or more): it doubles with each, up to a minute, or what is set if that is more.
local function backoff_after(failures, backoff)
  return math.max(backoff, math.min(backoff * 2 ^ math.min(failures - 1, MOST_DOUBLINGS), LONGEST_BACKOFF))
end

-- An attempt came to nothing. With `blame` it counts towards the most failures.
local function fail_attempt(job, seq, s, user, class, blame, reason, t, retry)
  local most = retry.max_failures
  if s.state == 'R' then
    count('wasted_ms', audio_made(s, t))
    event(job, t, 'lost', 'seq', seq, 'attempt', int(s.attempt), 'owner', s.owner, 'claimed', int(s.at), 'reason', reason)
  end
  take_out_of_flight(job, seq, s, user, class)
  charge(user, class, -s.cost)
  if blame then s.failures = s.failures + 1 end
  if blame and most > 0 then measure('failed', s.ms, LENGTHS) end
  if s.failures >= most then return give_up_sentence(job, seq, s, reason, t, retry.ended_life, most <= 0, most < 0) end
  requeue(job, seq, s, t + (blame and backoff_after(s.failures, retry.backoff) or retry.wait or 0), t)
  C('HINCRBY', M, 'retries', 1)
  index_job(job, t)
end
