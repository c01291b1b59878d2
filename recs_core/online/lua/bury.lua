-- Moves an event to the dead letters, unless another consumer has settled it.
-- KEYS: stream, counts, dead letters. ARGV: group, id, payload, reason, deliveries, time, bound of their number.
if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 0 then return 0 end
redis.call('HINCRBY', KEYS[2], ARGV[1], 1)
redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[7], '*', 'event', ARGV[3], 'group', ARGV[1], 'id', ARGV[2],
  'reason', ARGV[4], 'deliveries', ARGV[5], 'time', ARGV[6])
return 1
