-- KEYS: cutoffs, then records. Gives entries and aliases deleted.
local before = tonumber(redis.call('HGET', KEYS[1], 'before') or '0')
local entries, aliases = 0, 0
for at = 2, #KEYS do
  local f = redis.pcall('HMGET', KEYS[at], 'c', 'a')
  if not f.err and f[1] and (tonumber(f[1]) or 0) < before then
    redis.call('DEL', KEYS[at])
    if f[2] then aliases = aliases + 1 else entries = entries + 1 end
  end
end
return { entries, aliases }
