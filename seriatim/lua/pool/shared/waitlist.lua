-- The waitlist (:line, place -> the time at which its user was asked to come back): a user refused for want of room is expected
-- MARGIN ms after a listener will have heard its end, and newcomers get in only where that leaves it its room. A place lapses
-- LAPSE ms after its time; as only a part of the refused come back, only the part that did so recently is kept free. A user has
-- PLACES at most, the list MOST: asking again and again keeps no room from others. A place of a barge-in (b...) comes before all.
-- For submit alone. `a` is the admission that is asked for: t, user, rate (slots it needs), taken (of `room`, by listeners whose
-- end is not heard), kept (the part that came back), stay (ms, of a live job), rtf.
local LAPSE, PLACES, MOST, MARGIN = 1000, 8, 256, 200
local LINE, ENDS = P .. ':line', P .. ':ends'

-- Places that will be taken, of so many: nine times in ten it is no more than the mean and 1.3 deviations.
local function expected_returns(a, n) return math.min(n, a.kept * n + 1.3 * math.sqrt(math.max(0, a.kept * (1 - a.kept) * n))) end

-- A place was taken (share 1) or lapsed (0).
local function leave_waitlist(a, place, share)
  C('ZREM', LINE, place)
  if string.sub(place, 1, 1) == 'b' then return end
  a.kept = a.kept * 0.95 + share * 0.05
  C('HSET', M, 'kept', a.kept)
end

-- The user's first place, how many are its own, the time of its last, and all places. The first to have come is first, whatever
-- times were given out since: a late turn moves no user behind another. `others` are those that keep their room from the user,
-- by their times.
local function waitlist_position(a)
  for _, place in ipairs(C('ZRANGEBYSCORE', LINE, '-inf', a.t - LAPSE - 1, 'LIMIT', 0, MOST)) do leave_waitlist(a, place, 0) end
  local s = {n = 0, others = {}, last = 0, places = {}}
  local found = C('ZRANGE', LINE, 0, -1, 'WITHSCORES')
  for i = 1, #found, 2 do
    local barge, number, user = string.match(found[i], '^(b?)(%d+)|(.*)$')
    local place = {name = found[i], at = tonumber(found[i + 1]), rank = tonumber(number)}
    if barge == 'b' then place.rank = -place.rank end
    s.places[#s.places + 1] = place
    if user == a.user then
      if not s.mine or place.rank < s.mine.rank then s.mine = place end
      s.n, s.last = s.n + 1, place.at
    end
  end
  for _, place in ipairs(s.places) do
    if not s.mine or (s.mine.rank > 0 and place.rank < s.mine.rank) then s.others[#s.others + 1] = place end
  end
  return s
end

-- When shares become free, in order: as live jobs are heard out, and as those of the waitlist will be, whose users come at their
-- time and stay as long as live jobs do on average. A job that is late is expected anew.
local function share_release_times(a, s)
  for _, late in ipairs(C('ZRANGEBYSCORE', ENDS, '-inf', a.t, 'LIMIT', 0, 16)) do
    local total, done_ms = fields(job_key(late), 'total', 'done_ms')
    zadd(ENDS, a.t + math.max(500, (num(total, 0) - num(done_ms, 0)) * a.rtf), late)
  end
  local at = {}
  for _, key in ipairs({ENDS, P .. ':held'}) do
    local found = C('ZRANGE', key, 0, 2 * MOST, 'WITHSCORES')
    for i = 2, #found, 2 do at[#at + 1] = tonumber(found[i]) end
  end
  for _, place in ipairs(s.others) do at[#at + 1] = place.at + a.stay end
  table.sort(at)
  return at
end

-- Would a job that comes now and stays so long leave each place before its end the room that it was promised?
local function leaves_room(a, s, lasts)
  if a.taken + a.rate > a.room + 1e-9 then return false end
  if #s.others == 0 then return true end
  local free, n, e = share_release_times(a, s), 0, 0
  for _, place in ipairs(s.others) do
    if place.at > a.t + lasts then break end
    n = n + 1
    while free[e + 1] and free[e + 1] <= place.at do e = e + 1 end
    if a.taken + (1 + expected_returns(a, n) - e) * a.rate > a.room + 1e-9 then return false end
  end
  return true
end

-- Give the user the place at which there will be room behind all others of the waitlist. Returns how long until then.
local function assign_waitlist_place(a, s)
  local again = s.mine and s.mine.at <= a.t     -- it came at its time, and its room is late: it keeps its turn
  if not again and s.n >= PLACES then return math.max(500, s.last - a.t) end
  if not again then s.others = s.places end
  local per = math.max(a.rate, 1e-6)
  local needed = a.taken + (expected_returns(a, #s.others) + 1) * a.rate - a.room
  local k = math.max(1, math.min(1e6, math.ceil(needed / per - 1e-9)))
  local expected = share_release_times(a, s)[k] or a.t + a.stay * math.max(1, k * a.rate / math.max(a.rate, a.taken, 1e-6))
  local at = math.ceil(math.max(a.t + 500, expected + MARGIN))
  local number
  if again then C('ZREM', LINE, s.mine.name); number = s.mine.rank
  elseif #s.places < MOST then number = C('HINCRBY', M, 'places', 1) end
  if number then zadd(LINE, at, string.format('%s%.0f|%s', number < 0 and 'b' or '', math.abs(number), a.user)) end
  return at - a.t
end
