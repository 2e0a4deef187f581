-- requires: cursor, ending, notices
-- The emission of what is contiguous at the cursor: by a reassembler (emit.lua), or by the step that brings it (append.lua).
-- `budget`: chunks, `again`: ms after which the job is looked at again, `ends` false: the end of the job is left to a reassembler,
-- which logs it; `cur`, `off`, `at`: the cursor, where the caller knows that the stream is not ahead of it. Returns how many chunks were
-- moved, whether the budget was used up, and the state of the job, its drain, whether it ended here, its sentences and bytes that are
-- out, its rate, and whether its reader reports itself.
--
-- A job to which nothing happens is looked at less and less, up to SELDOM times less often: one that waits for its turn at once, one whose
-- reader reports itself, or of which all is stored, by and by. What comes to it makes it due soon again (append.lua). Of other readers
-- looks are the only sign.
local SELDOM = 10
local REPORTS_FOR = 10000     -- ms: twice as long as a reader that waits takes between two reports
local function emit_contiguous(budget, again, ends, cur, off, at)
  local moved, ended, appended = 0, 0, cur ~= nil or not ends
  if not cur then cur, off, at = cursor() end
  local state, n, hold, rate, drain, ended_life, closing, quiet, stored =
    fields(H, 'state', 'n', 'hold', 'rate', 'drain', 'ended_life', 'closing', 'quiet', 'stored')
  n = num(n, -1)
  local began_at, reported = cur, not appended and num(C('ZSCORE', REPORTS, job))
  local reports = reported and math.abs(time_ms() - reported) < REPORTS_FOR

  -- How many times `again` a job waits for the next look, by the looks in a row that found nothing (`quiet`).
  local function look_factor()
    if cur == 0 and off == 0 and C('HEXISTS', H, 'r0') == 0 then return SELDOM end     -- nothing was begun
    local settled = reports or (drain == 'store' and num(stored, 0) == at + off)
    local found = (moved > 0 or cur ~= began_at or appended or not settled) and 0 or num(quiet, 0) + 1
    if found ~= num(quiet, 0) then C('HSET', H, 'quiet', found) end
    return math.min(SELDOM, 2 ^ found)
  end

  -- Add an entry. A marker that is there already was added by a step of which a log kept only the beginning.
  local function add(id, ...)
    local reply = redis.pcall('XADD', O, id, ...)
    if type(reply) == 'table' and reply.err and not string.find(reply.err, 'equal or smaller', 1, true) then error(reply.err) end
  end

  local function begin(seq, text)
    add((seq + 1) .. '-0', sentence_fields(seq, at, rate, text, fields(H, 'w' .. seq)))
  end

  -- The chunks of sentence `seq` beyond `off`. Returns how many there were.
  local function move(seq, text, discontinuity, fingerprint)
    local entries = C('XRANGE', chunks(seq), '0-' .. (off + 1), '+', 'COUNT', budget)
    local d, checksum = num(discontinuity)
    for _, each in ipairs(entries) do
      local id, chunk = unpack(each)
      local _, data, _, crc = unpack(chunk)
      local stop = tonumber(string.match(id, '-(%d+)$'))
      if off == 0 then begin(seq, text) end
      if d and d <= off and off > 0 then
        add((seq + 1) .. '-' .. (off + 1), 't', 'discontinuity', 'seq', seq, 'offset', off)
        C('HDEL', H, 'd' .. seq)
        d = nil
      end
      local start = stop - #data
      if start < off then data = string.sub(data, off - start + 1) end
      add((seq + 1) .. '-' .. stop, 'd', data)
      checksum = crc
      off, moved, budget = stop, moved + 1, budget - 1
    end
    if checksum then C('HSET', H, 'Q', checksum, 'F', fingerprint or '') end
    if #entries > 0 and off > 0 then C('XTRIM', chunks(seq), 'MINID', '0-' .. (off + 1)) end
    return #entries
  end

  if state == 'run' then
    while budget > 0 and (n < 0 or cur < n) do
      local length, held, text, gap, discontinuity, fingerprint = fields(H, 'L' .. cur, 'h' .. cur, 'x' .. cur, 'g' .. cur, 'd' .. cur,
        'f' .. cur)
      length = num(length)
      if not length and (hold == '1' or held) then break end   -- held until it is whole
      local found = length and off >= length and 0 or move(cur, text, discontinuity, fingerprint)
      if length and off >= length then
        if off == 0 then begin(cur, text) end
        if gap then add((cur + 1) .. '-' .. GAP, 't', 'gap', 'seq', cur, 'offset', off, 'reason', gap) end
        drop_emitted(cur)
        at, cur, off = at + off, cur + 1, 0
        budget = budget - 1   -- sentences without a byte must not make this loop long
      elseif found == 0 then break end
    end
    C('HSET', H, 'cur', cur, 'off', off, 'at', at)
    if cur == n and not ends then notify()
    elseif cur == n then
      drop_received(cur)     -- a server that lost the end of a text has closed it without; that end may have been spoken
      terminate('done', closing or '', cur, at, n, ended_life)
      state, ended = 'done', 1
    else schedule_check(time_ms() + look_factor() * again, job) end
  elseif awaits_storage() then schedule_check(time_ms() + again, job)
  else C('ZREM', LIVE, job) end
  local more = state == 'run' and budget <= 0
  if more then notify() end
  return moved, more, state, drain, ended, cur, at, rate, reports
end
