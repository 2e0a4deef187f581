-- runs: submit, pick
-- Accept a job, and pick what is due, in one step: its first sentence is dispatched one round trip sooner.
-- KEYS[1] pool prefix.  ARGV: as submit has them; the options also have `most` and `lease`, as pick has them
-- Returns {what submit returns, {what pick returns}}. Everything picked must be published.
-- May run twice: the second time submit answers DUPLICATE, and nothing is picked.
local ACCEPTED = 0
local answer = submit(ARGV)
local verdict = unpack(answer)
if verdict ~= ACCEPTED then return {answer, {}} end
local o = cjson.decode(ARGV[2])
return {answer, (pick({ARGV[1], o.most, o.lease}))}
