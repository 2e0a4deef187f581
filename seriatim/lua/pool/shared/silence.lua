-- The silence that is expected of the pool's engine before and between its sounds, and sentences that are handed over because it
-- lasts: another process speaks them, too, under a higher attempt.
local KNOWN = 20              -- sentences after which the pool's silences are known
local ANOTHER_AFTER = 50      -- ms until a sentence is picked again that came back to the process which gave it away

-- A sentence was spoken whose engine was silent for so long at most (`m`: the pool's record). The largest recent silence counts, and
-- halves within 70 sentences, as theta does. Every KNOWN sentences allow one handover, two at most: a machine that is late as a whole
-- must not have all its sentences spoken twice.
local function note_silence(m, ms)
  local left = num(m.handovers_left, 0)
  C('HSET', M, 'silence', math.max(num(m.silence, 0) * 0.99, ms), 'silences', num(m.silences, 0) + 1,
    'handovers_left', left < 2 and left + 1 / KNOWN or left)
end

-- The silence to expect of a sentence with this cost (ms), by the pool's record `m`; 0 while too few are known. One that is longer than all recent ones may be
-- silent for longer in proportion: theta is one and a half times the largest recent cost.
local function expected_silence(m, cost)
  if num(m.silences, 0) < KNOWN then return 0 end
  return math.max(1, tonumber(m.silence) * math.max(1, 1.5 * cost / math.max(1, num(m.theta, 1))))
end

-- The sentences that a process gave away (:handed:<owner>, sentence -> "attempt|until"): until then it does not get them back.
local HANDED_KEPT = 60000     -- ms beyond that, for a call that is repeated behind a lost reply

local function handed_key(owner) return P .. ':handed:' .. owner end

local function note_handover(owner, name, attempt, t, silent)
  C('HSET', handed_key(owner), name, attempt .. '|' .. int(t + silent))
  C('PEXPIRE', handed_key(owner), int(silent + HANDED_KEPT))
end

-- The attempt with which a process gave a sentence away, and until when it does not get that back; nil if it did not.
local function handed_over_by(owner, name)
  local attempt, by = string.match(C('HGET', handed_key(owner), name) or '', '^(%d+)|(%d+)$')
  return attempt, tonumber(by)
end
