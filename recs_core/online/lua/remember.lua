-- Adds events to one part of a reader's profile; one that is there, or older than all that fit, changes nothing.
-- KEYS: profile, order of the part, order of the other part. ARGV: how many fit, milliseconds to live, then of
-- each event its id, its time and its payload. Returns how many were new.
local ordered = redis.call('ZCARD', KEYS[2]) + redis.call('ZCARD', KEYS[3])
if redis.call('HLEN', KEYS[1]) ~= (ordered > 0 and ordered + 1 or 0) then
  -- Redis had to forget one of the keys: what is left could never be bounded again
  redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
end
local new = 0
for i = 3, #ARGV, 3 do
  if redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[i + 2]) == 1 then
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
  redis.call('HINCRBY', KEYS[1], '#', new)
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ARGV[2]) end
end
return new
