#!lua flags=allow-oom
-- Take to-do entries away that were carried out, and finished sentences whose end is still there (:confirm), unless the server was restarted meanwhile: it may have lost what they did.
-- KEYS[1] pool prefix.  ARGV: now, epoch in which they were carried out, entries...
-- Returns how many went.
if (C('HGET', M, 'epoch') or '0') ~= ARGV[2] then return 0 end
local gone = 0
for i = 3, #ARGV do gone = gone + C('ZREM', P .. ':todo', ARGV[i]) + C('ZREM', P .. ':confirm', ARGV[i]) end
return gone
