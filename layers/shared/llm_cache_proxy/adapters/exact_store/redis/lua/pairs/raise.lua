-- KEYS: standing; ARGV: threshold, the one that it takes the place of. Gives 1 where it did.
local present = tonumber(redis.call('HGET', KEYS[1], 't') or '0')
if present ~= tonumber(ARGV[2]) then
  return 0
end
redis.call('HSET', KEYS[1], 't', ARGV[1], 'n', 0, 'w', 0)
return 1
