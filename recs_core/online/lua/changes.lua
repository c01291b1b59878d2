-- Reads what changed after a generation.
-- KEYS: books, changes, generation. ARGV: generation, how many books at most.
-- Returns the last generation, then of each book its id, its generation and its JSON.
local reply = {redis.call('GET', KEYS[3]) or '0'}
local found = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])
for i = 1, #found, 2 do
  reply[#reply + 1] = found[i]
  reply[#reply + 1] = found[i + 1]
  reply[#reply + 1] = redis.call('HGET', KEYS[1], found[i])
end
return reply
