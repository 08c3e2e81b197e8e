-- KEYS: cutoffs; ARGV: Unix seconds. Never moves back.
local before = tonumber(redis.call('HGET', KEYS[1], 'before') or '0')
redis.call('HSET', KEYS[1], 'before', string.format('%.0f', math.max(before, tonumber(ARGV[1]))))
return 1
