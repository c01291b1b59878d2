-- Makes a group that starts with the oldest event of the stream, unless it is there.
-- KEYS: stream, counts. ARGV: group.
local made = redis.pcall('XGROUP', 'CREATE', KEYS[1], ARGV[1], '0', 'MKSTREAM')
if made.err then
  if string.find(made.err, 'BUSYGROUP', 1, true) then return 0 end
  return made
end
local added = tonumber(redis.call('HGET', KEYS[2], '#added') or '0')
redis.call('HSET', KEYS[2], ARGV[1], added - redis.call('XLEN', KEYS[1]))
return 1
