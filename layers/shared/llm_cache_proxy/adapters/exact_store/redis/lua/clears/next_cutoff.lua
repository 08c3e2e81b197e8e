-- KEYS: sequence. The cutoff that `cut` would take here.
local before = tonumber(redis.call('GET', KEYS[1]) or '0')
return string.format('%.0f', math.max(before + 1, now_milliseconds()))
