#!lua flags=allow-oom
-- A gateway works on a book, or goes on with it, and says how far it is. One step: else two gateways could have it.
-- May run twice.
-- KEYS[1] book prefix.  ARGV: token of the gateway's run, lease in ms, its progress as JSON
-- Returns 1, or 0 where another run has the book.
local token, lease_ms, progress = unpack(ARGV)
local held = C('HGET', RUN, 'token')
if held and held ~= token then return 0 end
C('HSET', RUN, 'token', token, 'progress', progress)
C('PEXPIRE', RUN, lease_ms)
return 1
