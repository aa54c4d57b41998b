-- One step of a partition, all or nothing.
-- KEYS: position, users, ranking, timers, counts, names, outbox, alerts.
-- ARGV: the position that was read ('' for none), the position after, the ms up to which the outbox is emptied, then
-- lists, each led by its length: users to set (id, record), users to drop (id), ranking to set (score, id), ranking to
-- drop (id), timers to set (ms, id), timers to drop (id), outbox to drop (item), outbox to add (ms, item), counters to
-- add (name, by), names to set (code, name), alerts to drop (field), alerts to set (field, value).
-- Returns 1, or the position that stands in the store: then nothing was written.
local stands = redis.call('GET', KEYS[1]) or ''
if stands ~= ARGV[1] then
  return stands
end
redis.call('ZREMRANGEBYSCORE', KEYS[7], '-inf', ARGV[3])
local at = 4
local function take(command, key)
  local count = tonumber(ARGV[at])
  local last = at + count
  at = at + 1
  while at <= last do
    local stop = math.min(last, at + 3999) -- Lua's unpack has room for fewer than 8,000
    redis.call(command, key, unpack(ARGV, at, stop))
    at = stop + 1
  end
end
take('HSET', KEYS[2])
take('HDEL', KEYS[2])
take('ZADD', KEYS[3])
take('ZREM', KEYS[3])
take('ZADD', KEYS[4])
take('ZREM', KEYS[4])
take('ZREM', KEYS[7])
take('ZADD', KEYS[7])
local count = tonumber(ARGV[at])
for i = at + 1, at + count, 2 do
  redis.call('HINCRBY', KEYS[5], ARGV[i], ARGV[i + 1])
end
at = at + count + 1
take('HSET', KEYS[6])
take('HDEL', KEYS[8])
take('HSET', KEYS[8])
redis.call('SET', KEYS[1], ARGV[2])
return 1
