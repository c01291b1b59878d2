-- Adds events to one part of a reader's profile; one that is there, or older than all that fit, changes nothing.
-- Events that are older than the newest of either part by more than the time to live are forgotten.
-- KEYS: profile, order of the part, order of the other part. ARGV: how many fit, milliseconds to live, then of
-- each event its id, its time and its payload. Returns how many were new.
local ordered = redis.call('ZCARD', KEYS[2]) + redis.call('ZCARD', KEYS[3])
if redis.call('HLEN', KEYS[1]) ~= (ordered > 0 and ordered + 1 or 0) then
  -- Redis had to forget one of the keys: what is left could never be bounded again
  redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
end
local newest = 0
for i = 2, 3 do
  newest = math.max(newest, tonumber(redis.call('ZREVRANGE', KEYS[i], 0, 0, 'WITHSCORES')[2] or '0'))
end
for i = 4, #ARGV, 3 do newest = math.max(newest, tonumber(ARGV[i])) end
local horizon = newest - tonumber(ARGV[2])
local new = 0
for i = 3, #ARGV, 3 do
  if tonumber(ARGV[i + 1]) >= horizon and redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[i + 2]) == 1 then
    redis.call('ZADD', KEYS[2], ARGV[i + 1], ARGV[i])
    new = new + 1
    if redis.call('ZCARD', KEYS[2]) > tonumber(ARGV[1]) then
      local oldest = redis.call('ZPOPMIN', KEYS[2])[1]
      redis.call('HDEL', KEYS[1], oldest)
      if oldest == ARGV[i] then new = new - 1 end
    end
  end
end
if new > 0 then
  for i = 2, 3 do
    for _, old in ipairs(redis.call('ZRANGEBYSCORE', KEYS[i], '-inf', string.format('(%.0f', horizon))) do
      redis.call('ZREM', KEYS[i], old)
      redis.call('HDEL', KEYS[1], old)
    end
  end
  redis.call('HINCRBY', KEYS[1], '#', new)
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ARGV[2]) end
end
return new
