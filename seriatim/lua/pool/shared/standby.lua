-- requires: records
-- Slots on standby: idle slots of light engines that wait in Redis for a moment. What is picked is given to one of them in the same
-- step, and needs no message. Such a slot takes no message meanwhile: Celery counts it as busy.
--
-- :standby holds "<owner>|<slot>" -> when it stops waiting; :standby:<owner>|<slot> is the list on which it blocks. A slot leaves
-- :standby in the step that pushes to its list, or by its own ZREM: whichever comes first, nothing is given to a slot that has gone.
-- An empty element sends it back to Celery. What is given stays in the outbox until it is claimed, as if it were to be published.
--
-- A slot whose name ends in + has its engine begin before its claim is answered (decision 90): it is given what a claim would tell of a
-- first attempt, too, in lines: "<lead ms>|<1: a listener waits>|<user>", the job's spec, the sentence.
local STANDBY = P .. ':standby'
local STANDBY_LIST = 10000     -- ms that an element lives whose slot died: the outbox has the sentence

local function give(slot, entry)
  local list = STANDBY .. ':' .. slot
  C('RPUSH', list, entry)
  C('PEXPIRE', list, STANDBY_LIST)
end

-- How many slots are on standby. Those that waited too long are not: they have left, or died.
local function count_standby(t)
  local n = C('ZCARD', STANDBY)
  if n == 0 then return 0 end
  for _, slot in ipairs(C('ZRANGEBYSCORE', STANDBY, '-inf', t)) do n = n - C('ZREM', STANDBY, slot) end
  return n
end

-- May a slot of a process be given sentences? Not while the process is drained or paused, or empties itself for a suspect.
local function takes_more(owner)
  local since, alone, slots = fields(P .. ':w:' .. owner, 'since', 'alone', 'slots')
  return since and not alone and num(slots, 0) > 0
end

-- Put a slot on standby, unless a sentence in flight may come to it by message: there must be a slot for each of those that takes
-- messages. `m`: the pool's record with `slots` and `infl`.
local function enter_standby(owner, slot, until_ms, m, t)
  if not takes_more(owner) or count_standby(t) + 1 > num(m.slots, 0) - num(m.infl, 0) then return false end
  local name = owner .. '|' .. slot
  C('DEL', STANDBY .. ':' .. name)     -- what came too late for an earlier wait
  zadd(STANDBY, until_ms, name)
  return true
end

local function is_on_standby(owner, slot) return slot and C('ZSCORE', STANDBY, owner .. '|' .. slot) end

-- What a slot is given of a choice (pool/shared/selection.lua) besides its name.
local function lines_of(c, t)
  local j = c.fields
  local lead = j.t0 + (j.play and last_sentence_start(j.total, j.n) or c.s.position) - t
  local listener = j.class == 'L' and not j.play and 1 or 0
  return string.format('\n%.0f|%d|%s\n%s\n%s', lead, listener, j.user, C('HGET', job_key(c.job), 'spec'), c.sentence)
end

-- Give a picked sentence (c: the choice) to a slot on standby, the one that came last. Returns false if it has to be published: none
-- waits; or it may have to wait in its process, or may not go to the one that it comes from. Then one slot goes back to Celery for it.
local function give_to_standby(c, t)
  local s = c.s
  while true do
    local slot = unpack(C('ZRANGE', STANDBY, -1, -1))
    if not slot then return false end
    C('ZREM', STANDBY, slot)
    local fits = s.suspect ~= 1 and s.suspect ~= HANDED_OVER
    local given = takes_more(string.match(slot, '^(.*)|')) and fits
    local entry = given and member(c.job, c.seq) .. '|' .. int(s.attempt) or ''
    if given and not c.again and string.sub(slot, -1) == '+' then entry = entry .. lines_of(c, t) end
    give(slot, entry)
    if given or not fits then return given end
  end
end

-- Send all slots of a process back to Celery.
local function end_standby(owner)
  for _, slot in ipairs(C('ZRANGE', STANDBY, 0, -1)) do
    if string.match(slot, '^(.*)|') == owner then
      C('ZREM', STANDBY, slot)
      give(slot, '')
    end
  end
end
