-- KEYS: lease; ARGV: claim
-- Ends the lease that was taken under the claim; gives 1 where there was one.
local held = redis.pcall('GET', KEYS[1])
if type(held) ~= 'string' or held:match('^%d+:%d+:(.+)$') ~= ARGV[1] then
  return 0
end
redis.call('DEL', KEYS[1])
return 1
