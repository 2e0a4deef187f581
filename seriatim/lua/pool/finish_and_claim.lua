-- requires: records, standby, clock
-- runs: finish, pick, claim
-- A slot reports its sentence and takes the next one, without a message for it: finish, pick, and claim of the first picked, in
-- one step, so that nothing comes between a slot that becomes free and the sentence that it was picked for.
-- KEYS[1] pool prefix.  ARGV: now, job, seq, attempt, epoch, wall ms, audio ms, ended life ms, first ms, silence ms, ahead ms (as finish has
-- them), owner, heartbeat lease ms, most, publish lease ms, slot ('' or missing: it goes back to Celery), standby ms, own (2: the process
-- may have one ahead of its engine; 1)
-- Returns {what finish returns, {what pick returns}, {what claim returns for the first of these; empty: it was not claimed}, 1: nothing
-- was picked, and the slot is on standby (shared/standby.lua), 1: the last that was picked is the one ahead, which a thread of the process
-- claims}.
-- Everything else that is picked and not claimed must be published. A sentence that must run alone comes by message, since it may have to
-- wait; and a process that is not registered, or waits to run one alone, claims nothing.
-- May run twice: the second time finish is not OK, and nothing is picked; a slot on standby stays so.
local OK = 0
local now, owner, lease, most, publish_lease, slot, wait, own = ARGV[1], unpack(ARGV, 12, 18)
local verdict = finish(ARGV)
if verdict ~= OK then return {verdict, {}, {}, is_on_standby(owner, slot) and 1 or 0, 0} end
local picked, has_ahead = pick({now, most, publish_lease, own})
local job, seq, attempt, ahead_job, ahead_seq = unpack(picked)
local since, alone = fields(P .. ':w:' .. owner, 'since', 'alone')
if has_ahead and (alone or not since or sentence_get(ahead_job, ahead_seq).suspect == 1) then has_ahead = false end
has_ahead = has_ahead and 1 or 0
if not job and slot and slot ~= '' then
  local t = clock()
  local waits = enter_standby(owner, slot, t + wait, read(M, 'slots', 'infl'), t)
  return {verdict, picked, {}, waits and 1 or 0, 0}
end
if not job or not since or alone or sentence_get(job, seq).suspect == 1 then return {verdict, picked, {}, 0, has_ahead} end
return {verdict, picked, claim({now, job, seq, attempt, owner, lease}), 0, has_ahead}
