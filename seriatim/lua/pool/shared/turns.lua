-- requires: capacity
-- Sessions (:turn:<length of user>:<user>:<session> -> its latest live job): a client that sends a text sentence by sentence names
-- one. A job that comes while the session's latest one is spoken or played, or at most PAUSE ms later, continues the turn: it is
-- accepted under any load, is played behind that job, and takes over its share of the slots: one listener has one share.
-- For submit alone.
local PAUSE = 5000

local function turn_key(user, session) return P .. ':turn:' .. #user .. ':' .. user .. ':' .. session end

-- The session's turn, if it goes on: its latest job, when that job's playback ends, and since when the turn is spoken. After a
-- cancel nothing is played any more.
local function current_turn(user, session, t)
  local job = C('GET', turn_key(user, session))
  if not job then return nil end
  local j = read(job_key(job), 'state', 't0', 'total', 'ended', 'rate', 'since', 'turn')
  if not j.state then return nil end
  local ends = tonumber(j.t0) + tonumber(j.total)
  if j.state ~= 'run' and j.state ~= 'spoken' then ends = tonumber(j.ended) end
  if j.state ~= 'run' and ends + PAUSE < t then return nil end
  return {job = job, state = j.state, ends = ends, rate = j.rate, since = j.turn or j.since}
end

-- Take the share of the turn's latest job from it, for the job that continues the turn.
local function take_over_share(turn)
  if turn.state ~= 'run' then release_hold(turn.job .. '|' .. turn.rate) return end
  C('HINCRBYFLOAT', M, 'demand', -turn.rate)
  C('HSET', job_key(turn.job), 'rate', 0, 'passed', 1)
  C('ZREM', P .. ':ends', turn.job)
end
