-- KEYS: lease; ARGV: token, milliseconds. Gives 1 where the token holds it, now for that long.
if holder(KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
