-- Moves a dead letter back to its stream.
-- KEYS: stream, counts, dead letters. ARGV: id of the dead letter, bound of the stream's length.
local found = redis.call('XRANGE', KEYS[3], ARGV[1], ARGV[1])
if #found == 0 then return false end
local payload = ''
for i = 1, #found[1][2], 2 do
  if found[1][2][i] == 'event' then payload = found[1][2][i + 1] end
end
redis.call('XDEL', KEYS[3], ARGV[1])
redis.call('HINCRBY', KEYS[2], '#added', 1)
return redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', 'event', payload)
