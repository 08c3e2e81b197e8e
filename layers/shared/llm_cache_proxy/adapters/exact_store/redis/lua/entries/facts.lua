-- KEYS: an entry. What an alias of it has of it, and its milliseconds left; nothing where it is none.
local f = redis.pcall('HMGET', KEYS[1], 'v', 'c', 'x', 'q', 'g', 'a')
local left = redis.call('PTTL', KEYS[1])
if f.err or not (f[1] and f[2] and f[3] and f[4] and f[5]) or f[6] or left <= 0 then
  return {}
end
return { f[1], f[2], f[3], f[4], f[5], tostring(left) }
