-- KEYS: counter, index; ARGV: window, then counts as name, amount
for at = 2, #ARGV - 1, 2 do
  redis.call('HINCRBY', KEYS[1], ARGV[at], ARGV[at + 1])
end
redis.call('SADD', KEYS[2], ARGV[1])
return 1
