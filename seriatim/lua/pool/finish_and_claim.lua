-- requires: records, standby, clock
-- runs: finish, pick, claim
-- A slot reports its sentence and takes the next one, without a message for it: finish, pick, and claim of the first picked, in
-- one step, so that nothing comes between a slot that becomes free and the sentence that it was picked for.
-- KEYS[1] pool prefix.  ARGV: now, job, seq, attempt, epoch, wall ms, audio ms, ended life ms, first ms, silence ms (as finish has them), owner,
-- heartbeat lease ms, most, publish lease ms, slot ('' or missing: it goes back to Celery), standby ms
-- Returns {what finish returns, {what pick returns}, {what claim returns for the first of these; empty: it was not claimed}, 1: nothing
-- was picked, and the slot is on standby (shared/standby.lua)}.
-- Everything picked that is not claimed must be published. A sentence that must run alone comes by message, since it may have to
-- wait; and a process that is not registered, or waits to run one alone, claims nothing.
-- May run twice: the second time finish is not OK, and nothing is picked; a slot on standby stays so.
local OK = 0
local now, owner, lease, most, publish_lease, slot, wait = ARGV[1], unpack(ARGV, 11, 16)
local verdict = finish(ARGV)
if verdict ~= OK then return {verdict, {}, {}, is_on_standby(owner, slot) and 1 or 0} end
local picked = pick({now, most, publish_lease, 1})
local job, seq, attempt = unpack(picked)
local since, alone = fields(P .. ':w:' .. owner, 'since', 'alone')
if not job and slot and slot ~= '' then
  local t = clock()
  local waits = enter_standby(owner, slot, t + wait, read(M, 'slots', 'infl'), t)
  return {verdict, picked, {}, waits and 1 or 0}
end
if not job or not since or alone or sentence_get(job, seq).suspect == 1 then return {verdict, picked, {}, 0} end
return {verdict, picked, claim({now, job, seq, attempt, owner, lease}), 0}
