-- Adds events to a stream, all or none, unless a group is too far behind.
-- KEYS: stream, counts. ARGV: bound of the stream's length, bound of the lag, payloads.
-- Returns 1 and the ids, or 0, the group's name and its lag.
local counts = redis.call('HGETALL', KEYS[2])
local added = tonumber(redis.call('HGET', KEYS[2], '#added') or '0')
local lag, slowest = -1, ''
for i = 1, #counts, 2 do
  if counts[i] ~= '#added' and added - tonumber(counts[i + 1]) > lag then
    lag, slowest = added - tonumber(counts[i + 1]), counts[i]
  end
end
if lag < 0 then lag = redis.call('XLEN', KEYS[1]) end
if lag >= tonumber(ARGV[2]) then return {0, slowest, lag} end
local reply = {1}
for i = 3, #ARGV do
  reply[#reply + 1] = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'event', ARGV[i])
end
redis.call('HINCRBY', KEYS[2], '#added', #ARGV - 2)
return reply
