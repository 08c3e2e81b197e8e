-- KEYS: cutoffs, then records; ARGV: selector. Gives entries and aliases deleted.
local cutoff = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
local entries, aliases = 0, 0
for at = 2, #KEYS do
  local f = redis.pcall('HMGET', KEYS[at], 'g', 'q', 'a')
  local ok, selectors = pcall(cjson.decode, f[1] or '')
  if not f.err and ok and type(selectors) == 'table' and (tonumber(f[2] or '') or 0) < cutoff then
    for _, selector in ipairs(selectors) do
      if selector == ARGV[1] then
        redis.call('DEL', KEYS[at])
        if f[3] then aliases = aliases + 1 else entries = entries + 1 end
        break
      end
    end
  end
end
return { entries, aliases }
