-- Removes the entries of a stream before a place, but none that a group has not settled, and none while no group is.
-- KEYS: stream. ARGV: the place, and another that stays or nothing. Returns how many were removed.
local function parts(id)
  local ms, number = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(number)
end
local function earlier(one, other)
  local ms, number = parts(one)
  local other_ms, other_number = parts(other)
  if ms < other_ms or (ms == other_ms and number < other_number) then return one end
  return other
end
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local first = ARGV[1]
if ARGV[2] ~= '' then first = earlier(first, ARGV[2]) end
local groups = redis.call('XINFO', 'GROUPS', KEYS[1])
if #groups == 0 then return 0 end
for _, group in ipairs(groups) do
  local of = {}
  for i = 1, #group, 2 do of[group[i]] = group[i + 1] end
  local ms, number = parts(of['last-delivered-id'])
  first = earlier(first, string.format('%.0f-%.0f', ms, number + 1))
  if of['pending'] > 0 then first = earlier(first, redis.call('XPENDING', KEYS[1], of['name'])[2]) end
end
return redis.call('XTRIM', KEYS[1], 'MINID', first)
