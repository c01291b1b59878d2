-- Sets right the count of a group that has handled everything: trimmed events are never acknowledged.
-- KEYS: stream, counts. ARGV: group.
local last = ''
local stream = redis.call('XINFO', 'STREAM', KEYS[1])
for i = 1, #stream, 2 do
  if stream[i] == 'last-generated-id' then last = stream[i + 1] end
end
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local of = {}
  for i = 1, #group, 2 do of[group[i]] = group[i + 1] end
  if of['name'] == ARGV[1] and of['pending'] == 0 and of['last-delivered-id'] == last then
    redis.call('HSET', KEYS[2], ARGV[1], redis.call('HGET', KEYS[2], '#added') or '0')
  end
end
return redis.status_reply('OK')
