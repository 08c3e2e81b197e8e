-- KEYS: cutoffs, sequence; ARGV: selector
-- The clock keeps cutoffs ahead of entries that outlived an emptied server.
local time = redis.call('TIME')
local now_ms = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local before = tonumber(redis.call('GET', KEYS[2]) or '0')
local cutoff = string.format('%.0f', math.max(before + 1, now_ms))
redis.call('SET', KEYS[2], cutoff)
redis.call('HSET', KEYS[1], ARGV[1], cutoff)
return cutoff
