-- Looks through a page of a stream for entries that hold one of some texts.
-- KEYS: stream. ARGV: where the page begins, how many entries it has, texts.
-- Returns the id of the page's last entry, empty where there is none, then of each entry found its id and its event.
local reply = {''}
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[2])) do
  local found, event = false, ''
  for i = 1, #entry[2], 2 do
    if entry[2][i] == 'event' then event = entry[2][i + 1] end
    for text = 3, #ARGV do
      found = found or string.find(entry[2][i + 1], ARGV[text], 1, true) ~= nil
    end
  end
  reply[1] = entry[1]
  if found then
    reply[#reply + 1] = entry[1]
    reply[#reply + 1] = event
  end
end
return reply
