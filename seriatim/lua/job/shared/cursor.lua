-- requires: ending
-- The cursor of a job: the sentence, the bytes of it that are out, the bytes of the job before it.
local LENGTHS_KEPT = 64    -- of sentences that are out: a retry of one learns its length; more are never in flight at once

-- A sentence is out: nothing of it is kept but its length.
local function drop_emitted(seq)
  C('DEL', chunks(seq))
  C('HDEL', H, 'a' .. seq, 'r' .. seq, 'x' .. seq, 'g' .. seq, 'h' .. seq, 'd' .. seq, 'q' .. seq, 'e' .. seq, 'f' .. seq,
    'w' .. seq, 'Q', 'F', 'L' .. (seq - LENGTHS_KEPT))
end

-- The fields of the entry with which a sentence begins in the ordered stream; `words`: its words' times, '' or false if unknown.
local function sentence_fields(seq, at, rate, text, words)
  if not words or words == '' then return 't', 'sentence', 'seq', seq, 'at', at, 'rate', rate or '0', 'text', text or '' end
  return 't', 'sentence', 'seq', seq, 'at', at, 'rate', rate or '0', 'text', text or '', 'words', words
end

-- The fields of an entry of a stream as a record, beside its id.
local function entry_of(entry)
  local id, pairs_of = unpack(entry)
  local found = {}
  for i = 1, #pairs_of, 2 do found[pairs_of[i]] = pairs_of[i + 1] end
  return id, found
end

-- If a log was cut in the middle of a step the ordered stream may be ahead of what the hash says: then the stream is right,
-- because that was heard.
local function cursor()
  local cur, off, at, state, ended_life = fields(H, 'cur', 'off', 'at', 'state', 'ended_life')
  cur, off, at = num(cur, 0), num(off, 0), num(at, 0)
  if state ~= 'run' or #C('XRANGE', O, '(' .. (cur + 1) .. '-' .. off, '+', 'COUNT', 1) == 0 then return cur, off, at end
  local last_id, last = entry_of(unpack(C('XREVRANGE', O, '+', '-', 'COUNT', 1)))
  local id, sub = string.match(last_id, '^(%d+)-(%d+)$')
  local marker = unpack(C('XRANGE', O, id .. '-0', id .. '-0'))
  if marker then
    local _, sentence = entry_of(marker)
    at = tonumber(sentence.at)
  end
  local seq = tonumber(id) - 1
  if sub == END then terminate(last.state, last.reason, seq, last.at, last.n, ended_life)
  elseif sub == GAP then seq, off, at = seq + 1, 0, at + tonumber(last.offset)
  else off = tonumber(sub) - tonumber(sub) % 2 end     -- an odd one is a discontinuity
  for out = cur, seq - 1 do drop_emitted(out) end
  C('HDEL', H, 'Q')
  C('HSET', H, 'cur', seq, 'off', off, 'at', at, 'F', fields(H, 'f' .. seq) or '')     -- its last attempt gave them
  return seq, off, at
end
