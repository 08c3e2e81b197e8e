-- KEYS: records. Gives how many of them are entries.
local entries = 0
for at = 1, #KEYS do
  local f = redis.pcall('HMGET', KEYS[at], 'i', 'a')
  if not f.err and f[1] and not f[2] then
    entries = entries + 1
  end
end
return entries
