-- Notes that a reader is erased.
-- KEYS: erased readers, id of the digests' key. ARGV: id of the key, digest of the reader.
-- Returns when, in microseconds; false where the digests that are there were made with another key.
local key = redis.call('GET', KEYS[2])
if key and key ~= ARGV[1] then return false end
redis.call('SET', KEYS[2], ARGV[1])
local clock = redis.call('TIME')
local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2] or '0'
-- always more than before: whoever asks for what is newer misses nothing
local now = math.max(tonumber(clock[1]) * 1000000 + tonumber(clock[2]), tonumber(last) + 1)
local text = string.format('%.0f', now)
redis.call('ZADD', KEYS[1], text, ARGV[2])
return text
