-- Removes consumers that hold nothing and have not asked for long.
-- KEYS: stream. ARGV: group, milliseconds, name of the only one to remove or nothing.
local removed = 0
for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local of = {}
  for i = 1, #consumer, 2 do of[consumer[i]] = consumer[i + 1] end
  if of['pending'] == 0 and of['idle'] >= tonumber(ARGV[2]) and (ARGV[3] == '' or ARGV[3] == of['name']) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], of['name'])
    removed = removed + 1
  end
end
return removed
