-- runs: job/append, pool/finish_and_claim, job/open
-- The last chunk of a sentence, its report, and the next sentence of its slot, where one server has job and pool: what append,
-- finish_and_claim and open do one after another, in one round trip. Nothing is reported unless the sentence is whole.
-- KEYS[1] shard prefix, KEYS[2] pool prefix.  ARGV: how many arguments append takes, those, how many finish_and_claim takes, those,
-- continuity, rate_hz, fingerprint (as open has them)
-- Returns {what append returns, what finish_and_claim returns, what open returns for what was claimed}; the second is missing unless append
-- took the chunk, and the third unless a sentence of the same job was claimed.
-- May run twice: the second time the sentence is whole already, and nothing is reported or taken.
local OK, CLAIMED = 0, 0
local at = 2
local function next_arguments()
  local n, first = tonumber(ARGV[at - 1]), at
  at = at + n + 1
  return {unpack(ARGV, first, at - 2)}
end
local appending, finishing = next_arguments(), next_arguments()
local continuity, rate, fingerprint = unpack(ARGV, at - 1)
local shard, pool = {KEYS[1]}, {KEYS[2]}
local appended = append(shard, appending)
if unpack(appended) ~= OK then return {appended} end
local answer = finish_and_claim(pool, finishing)
local _, picked, claimed = unpack(answer)
local job, now = unpack(appending)
local next_job, seq, attempt = unpack(picked)
local claim_verdict, _, _, sentence = unpack(claimed or {})
if claim_verdict ~= CLAIMED or next_job ~= job then return {appended, answer} end
local text = cjson.decode(sentence).text or ''
return {appended, answer, open(shard, {job, now, seq, attempt, continuity, rate, text, fingerprint})}
