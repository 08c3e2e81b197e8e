-- KEYS: records; ARGV: claim, milliseconds. Holds the leases of items that the claim still has for that long.
local now_ms = now_milliseconds()
local ends = string.format('%.0f', now_ms + tonumber(ARGV[2]))
for at = 1, #KEYS do
  local held = redis.pcall('HGET', KEYS[at], 'l')
  local words = type(held) == 'string' and held or ''
  local claim, until_ms, sequence = words:match('^(%w+):(%d+):(%d+)$')
  if claim == ARGV[1] and tonumber(until_ms) > now_ms then
    redis.pcall('HSET', KEYS[at], 'l', claim .. ':' .. ends .. ':' .. sequence)
    if redis.pcall('HLEN', KEYS[at]) == 1 then
      redis.pcall('PEXPIREAT', KEYS[at], ends)
    end
  end
end
return 1
