-- KEYS: lease, mail; ARGV: token, text or '' for none, milliseconds
-- Ends the lease and leaves the text for those who follow it; gives 1 where the token held it.
if holder(KEYS[1]) ~= ARGV[1] then
  return 0
end
local left = ARGV[2] == '' or not redis.pcall('SET', KEYS[2], ARGV[2], 'PX', ARGV[3]).err
redis.call('DEL', KEYS[1])
return left and 1 or 0
