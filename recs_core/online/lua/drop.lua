-- Removes a string that holds one of some texts.
-- KEYS: string. ARGV: texts. Returns whether it was removed.
local kept = redis.call('GET', KEYS[1])
if not kept then return 0 end
for _, text in ipairs(ARGV) do
  if string.find(kept, text, 1, true) then return redis.call('DEL', KEYS[1]) end
end
return 0
