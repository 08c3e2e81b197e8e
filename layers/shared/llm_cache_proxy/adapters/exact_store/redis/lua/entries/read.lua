-- KEYS: record, cutoffs; ARGV: version. Gives a living entry's fields as name, value, and when it
-- is purged in Unix seconds; nothing for what may not be served.
local f = living(KEYS[1], KEYS[2], ARGV[1], '', now_seconds())
if not f or not f[8] or f[7] then
  return {}
end
local fields = redis.call('HGETALL', KEYS[1])
local time = redis.call('TIME')
local ms = tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000 + redis.call('PTTL', KEYS[1])
fields[#fields + 1] = 'purge'
fields[#fields + 1] = string.format('%.0f', ms / 1000)
return fields
