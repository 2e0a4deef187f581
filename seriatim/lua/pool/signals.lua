#!lua flags=no-writes
-- requires: pool_load
-- The figures of a pool for autoscalers and people (docs/reference/metrics.md). O(1): no key here grows with jobs or users.
-- KEYS[1] pool prefix.  ARGV: '' (it reads the pool's own time)
-- Returns {gauges as name, value, ...; counters; counters of one to two minutes ago}
local m = read(M, 'now', 'slots', 'infl', 'sentences', 'jobs', 'demand', 'eta', 'reserve', 'rtf', 'kept', 'held', 'allowed',
  'paused', 'late', 'late_at')
local requests_minute, characters_minute = fields(P .. ':lim', 'requests_minute', 'characters_minute')
local usable = usable_slots(m.slots, m.allowed)
local room = live_room(usable, m.eta, m.reserve)
local taken, late = num(m.demand, 0) + num(m.held, 0), lateness(m)
local gauges = {
  'now', m.now or 0, 'slots', m.slots or 0, 'allowed', usable, 'limited', m.allowed and 1 or 0,
  'paused_ms', int(math.max(0, num(m.paused, 0) - num(m.now, 0))), 'in_flight', m.infl or 0, 'waiting', int(num(m.sentences, 0) - num(m.infl, 0)),
  'jobs', m.jobs or 0, 'demand', m.demand or 0, 'held', m.held or 0, 'room', tostring(room),
  'load', tostring(room > 0 and taken * late / room or current_load(m)), 'rtf', m.rtf or 0,
  'lateness', tostring(late),
  'users_live', C('ZCARD', P .. ':tag:L'), 'users_batch', C('ZCARD', P .. ':tag:B'),
  'line', C('ZCARD', P .. ':line'), 'returning', m.kept or 1,
  'batch_share', tostring(batch_share()), 'chunk_share', tostring(chunk_share()),
  'requests_minute', requests_minute or 0, 'characters_minute', characters_minute or 0,
  'cold', C('EXISTS', P .. ':cold'), 'refusing', ((taken + math.min(num(m.rtf, 0), room / late)) * late > room + 1e-9) and 1 or 0,
}
return {gauges, C('HGETALL', P .. ':n'), C('HGETALL', P .. ':n:2')}
