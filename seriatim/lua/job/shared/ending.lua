-- requires: notices
-- The end of a job, and what becomes of its audio.
local OVER_KEPT = 60000     -- ms: as long as a reader may be gone (SERIATIM_READER_GRACE_S)

-- An ended job that a recorder drains is looked at until it is stored whole: only the sweep makes it known to a new recorder.
local function awaits_storage()
  local drain, stored = fields(H, 'drain', 'stored_all')
  return drain == 'store' and not stored
end

-- A job that asked for a webhook: what became of it is noted for a sender, in the step that ends it. Once: a sender that has delivered
-- it leaves nothing, and the job does not end again.
local WEBHOOK_LIFE = 604800000     -- ms: longer than all tries together (SERIATIM_WEBHOOK_RETRY_S)
local function note_webhook(state, reason, bytes, n)
  local target, rate, gaps = fields(H, 'webhook', 'rate', 'gaps')
  local record = K .. ':hook:' .. job
  if not target or C('EXISTS', record) == 1 then return end
  local t = string.format('%.0f', time_ms())
  C('HSET', record, 'target', target, 'state', state, 'reason', reason, 'bytes', bytes, 'rate', rate or 0, 'sentences', n,
    'gaps', gaps or 0, 'ended', t, 'tries', 0)
  C('PEXPIRE', record, WEBHOOK_LIFE)
  C('ZADD', K .. ':hooks', t, job)
  C('PEXPIRE', K .. ':hooks', WEBHOOK_LIFE)
end

-- The terminal entry of the ordered stream, once. After it the job's keys have `ended_life` ms to live; a job of the store
-- keeps its whole life until it is recorded, because its disk may be full tonight.
local function terminate(state, reason, cur, at, n, ended_life)
  redis.pcall('XADD', O, (cur + 1) .. '-' .. END, 't', 'end', 'state', state, 'reason', reason, 'at', at, 'n', n)
  C('HSET', H, 'state', state, 'reason', reason)
  note_webhook(state, reason, at, n)
  if awaits_storage() then return schedule_check(time_ms(), job) end
  C('ZREM', LIVE, job)
  C('PEXPIRE', H, ended_life)
  C('PEXPIRE', O, ended_life)
end

-- An ended job that no reader needs more of: its reader has the end, or it was cancelled. Its audio goes OVER_KEPT later, because
-- the reader may be a gateway whose client lost its connection just then and comes back; or sooner, where memory is short (due.lua).
local function schedule_trim()
  local state, drain = fields(H, 'state', 'drain')
  if not state or state == 'run' or drain == 'store' then return end
  C('ZADD', OVER, 'NX', string.format('%.0f', time_ms() + OVER_KEPT), job)
  C('PEXPIRE', OVER, NTF_LIFE)
end

-- Drop what was received and not emitted, from the cursor on.
local function drop_received(cur)
  for _, field in ipairs(C('HKEYS', H)) do
    local seq = string.match(field, '^a(%d+)$')
    if seq and tonumber(seq) >= cur then C('DEL', chunks(seq)) end
  end
end
