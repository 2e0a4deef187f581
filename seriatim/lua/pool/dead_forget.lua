#!lua flags=allow-oom
-- Sentences that were given up leave the dead-letter list: they were enqueued again, or are not wanted any more.
-- KEYS[1] pool prefix.  ARGV: now, "job|seq"...
-- Returns how many went. May run twice; one step, so that list and its order by age stay the same.
local gone = 0
for i = 2, #ARGV do
  gone = gone + C('HDEL', P .. ':dead', ARGV[i])
  C('ZREM', P .. ':dead:at', ARGV[i])
end
return gone
