-- KEYS: record, cutoffs; ARGV: version. Gives a living entry's fields as name, value, and the
-- seconds until it is purged; nothing for what may not be served.
local f = living(KEYS[1], KEYS[2], ARGV[1], '', now_seconds())
if not f or not f[8] or f[7] then
  return {}
end
local fields = redis.call('HGETALL', KEYS[1])
fields[#fields + 1] = 'purge'
fields[#fields + 1] = tostring(now_seconds() + redis.call('TTL', KEYS[1]))
return fields
