-- Writes fields of a book, each unless a later version wrote it, and announces the change.
-- KEYS: books, changes, generation. ARGV: channel, book id, version, event id, then of each field its name and JSON.
-- Returns how many fields changed.
local stored = redis.call('HGET', KEYS[1], ARGV[2])
local book = stored and cjson.decode(stored) or {}
local changed = 0
for i = 5, #ARGV, 2 do
  local old = book[ARGV[i]]
  local newer = not old or tonumber(ARGV[3]) > tonumber(old[1])
    -- two events of one version are a fault of the sender: all replicas must still agree
    or (tonumber(ARGV[3]) == tonumber(old[1]) and ARGV[4] > old[2])
  if newer then
    -- everything is a string here: cjson would round a number
    book[ARGV[i]] = {ARGV[3], ARGV[4], ARGV[i + 1]}
    changed = changed + 1
  end
end
if changed > 0 then
  -- the clock in microseconds, and always more than before: after a restart that lost the last changes, the same
  -- changes come again under generations that no reader has passed
  local clock = redis.call('TIME')
  local generation = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
  generation = math.max(generation, tonumber(redis.call('GET', KEYS[3]) or '0') + 1)
  local text = string.format('%.0f', generation)
  redis.call('HSET', KEYS[1], ARGV[2], cjson.encode(book))
  redis.call('ZADD', KEYS[2], text, ARGV[2])
  redis.call('SET', KEYS[3], text)
  redis.call('PUBLISH', ARGV[1], text)
end
return changed
