-- Acknowledges events and counts those that were not acknowledged before.
-- KEYS: stream, counts. ARGV: group, ids.
local settled = redis.call('XACK', KEYS[1], unpack(ARGV))
if settled > 0 then redis.call('HINCRBY', KEYS[2], ARGV[1], settled) end
return settled
