-- The silence that is expected of the pool's engine before and between its sounds, and sentences that are handed over because it
-- lasts: another process speaks them, too, under a higher attempt.
local HANDED_OVER = 4         -- as `suspect` of a sentence's record: it was handed over once
local KNOWN = 20              -- sentences after which the pool's silences are known
local ANOTHER_AFTER = 50      -- ms until a sentence is picked again that came back to the process which gave it away

-- A sentence was spoken whose engine was silent for so long at most. The largest recent silence counts, and halves within 70
-- sentences, as theta does. Every KNOWN sentences allow one handover, two at most: a machine that is late as a whole must not have
-- all its sentences spoken twice.
local function note_silence(ms)
  local known, credit = fields(M, 'silence', 'handovers_left')
  C('HSET', M, 'silence', math.max(num(known, 0) * 0.99, ms))
  C('HINCRBY', M, 'silences', 1)
  if num(credit, 0) < 2 then C('HSET', M, 'handovers_left', num(credit, 0) + 1 / KNOWN) end
end

-- The silence to expect of a sentence with this cost (ms), 0 while too few are known. One that is longer than all recent ones may be
-- silent for longer in proportion: theta is one and a half times the largest recent cost.
local function expected_silence(cost)
  local silence, silences, theta = fields(M, 'silence', 'silences', 'theta')
  if num(silences, 0) < KNOWN then return 0 end
  return math.max(1, tonumber(silence) * math.max(1, 1.5 * cost / math.max(1, num(theta, 1))))
end

-- Did the process with this field `handed` ("name|until") give the sentence away a moment ago, and may not have it back yet?
local function handed_over_by(handed, name, t)
  local given, by = string.match(handed or '', '^(.*)|(%d+)$')
  return given == name and t < tonumber(by)
end
