#!lua flags=allow-oom
-- A gateway works on a book no more: another one may at once. One step: else it could end the lease of another run.
-- May run twice.
-- KEYS[1] book prefix.  ARGV: token of the gateway's run
-- Returns 1, or 0 where it has no lease.
local token = ARGV[1]
if C('HGET', RUN, 'token') ~= token then return 0 end
C('DEL', RUN)
return 1
