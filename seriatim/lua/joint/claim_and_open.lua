-- runs: pool/claim, job/open
-- A sentence is claimed, and its attempt begins to deliver, where one server has job and pool.
-- KEYS[1] pool prefix, KEYS[2] shard prefix.  ARGV: as claim has them, continuity, rate_hz, fingerprint (as open has them)
-- Returns {what claim returns, what open returns}; the second is missing unless the sentence was claimed.
-- May run twice: the second time the claim is STALE.
local CLAIMED = 0
local now, job, seq, attempt, owner, lease, idle, continuity, rate, fingerprint = unpack(ARGV)
local claimed = claim({KEYS[1]}, {now, job, seq, attempt, owner, lease, idle})
local verdict, _, _, sentence = unpack(claimed)
if verdict ~= CLAIMED then return {claimed} end
local text = cjson.decode(sentence).text or ''
return {claimed, open({KEYS[2]}, {job, now, seq, attempt, continuity, rate, text, fingerprint})}
