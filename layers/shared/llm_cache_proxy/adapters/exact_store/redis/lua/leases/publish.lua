-- KEYS: lease, published answer; ARGV: token, text or '' for none, milliseconds
-- Ends the lease and publishes the text to its followers; gives 1 if the token held the lease.
if holder(KEYS[1]) ~= ARGV[1] then
  return 0
end
local left = ARGV[2] == '' or not redis.pcall('SET', KEYS[2], ARGV[2], 'PX', ARGV[3]).err
redis.call('DEL', KEYS[1])
return left and 1 or 0
