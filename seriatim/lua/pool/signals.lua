#!lua flags=no-writes
-- What an autoscaler and people want to know of a pool (docs/reference/metrics.md). O(1): no key here grows with jobs or users.
-- KEYS[1] pool prefix.  ARGV: '' (it reads the pool's own time)
-- Returns {gauges as name, value, ...; counters; counters of one to two minutes ago}
local m = C('HMGET', M, 'now', 'slots', 'infl', 'sentences', 'jobs', 'demand', 'eta', 'reserve', 'rtf', 'kept', 'held')
local room = room_of(m[2], m[7], m[8])
local taken = num(m[6], 0) + num(m[11], 0)
local gauges = {
  'now', m[1] or 0, 'slots', m[2] or 0, 'in_flight', m[3] or 0, 'waiting', int(num(m[4], 0) - num(m[3], 0)),
  'jobs', m[5] or 0, 'demand', m[6] or 0, 'held', m[11] or 0, 'room', tostring(room),
  'load', tostring(room > 0 and taken / room or load_now()), 'rtf', m[9] or 0,
  'users_live', C('ZCARD', P .. ':tag:L'), 'users_batch', C('ZCARD', P .. ':tag:B'),
  'line', C('ZCARD', P .. ':line'), 'returning', m[10] or 1,
  'batch_share', tostring(batch_share()), 'chunk_share', tostring(chunk_share()),
  'refusing', (taken + math.min(num(m[9], 0), room) > room + 1e-9) and 1 or 0,
}
return {gauges, C('HGETALL', P .. ':n'), C('HGETALL', P .. ':n:2')}
