#!lua flags=allow-oom
-- requires: emission
-- Move the contiguous bytes from the cursor on to the ordered stream: chunks, markers, the end. Then the notification goes.
-- KEYS[1] shard prefix.  ARGV: job, now, budget (chunks), notification id or '', look again after ms
-- Returns {moved, more (0/1), state, drain, ended (1: here and now), sentences, bytes, rate, reports (1: its reader reports
-- itself)}. state '' means that the job is unknown.
-- A pure function of what is there: any process may call it, any number of times. Chunks, cursor and acknowledgement change in one
-- step, so that no crash lies between them.
local _, _, budget, notification, again = unpack(ARGV)
local moved, more, state, drain, ended, cur, at, rate, reports = emit_contiguous(tonumber(budget), tonumber(again), true)
if notification ~= '' then
  C('XACK', NTF, 'reassembler', notification)
  C('XDEL', NTF, notification)
end
return {moved, more and 1 or 0, state or '', drain or '', ended, cur, at, num(rate, 0), reports and 1 or 0}
