-- KEYS: keys' records, usage; ARGV: key id, record, record that stands there or '', id of a key whose
-- usage it begins with or ''. Gives 1 written, 0 where something else stands there.
local held = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if held ~= ARGV[3] then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
if ARGV[4] ~= '' then
  for _, field in ipairs(usage_fields) do
    local used = redis.call('HGET', KEYS[2], ARGV[4] .. ':' .. field)
    if used then
      redis.call('HSET', KEYS[2], ARGV[1] .. ':' .. field, used)
    end
  end
end
return 1
