-- Removes events from a stream; each counts as settled for every group that had not settled it.
-- KEYS: stream, counts. ARGV: ids. Returns how many there were.
local function parts(id)
  local ms, number = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(number)
end
local function is_after(id, other)
  local ms, number = parts(id)
  local other_ms, other_number = parts(other)
  return ms > other_ms or (ms == other_ms and number > other_number)
end
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local delivered = {}
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local of = {}
  for i = 1, #group, 2 do of[group[i]] = group[i + 1] end
  if redis.call('HEXISTS', KEYS[2], of['name']) == 1 then delivered[of['name']] = of['last-delivered-id'] end
end
local removed = 0
for _, id in ipairs(ARGV) do
  if redis.call('XDEL', KEYS[1], id) == 1 then
    removed = removed + 1
    for group, last in pairs(delivered) do
      -- a consumer that holds it acknowledges it in vain, and so it is not counted twice
      if redis.call('XACK', KEYS[1], group, id) == 1 or is_after(id, last) then
        redis.call('HINCRBY', KEYS[2], group, 1)
      end
    end
  end
end
return removed
