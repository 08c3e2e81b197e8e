-- KEYS: barred pairs, standing; ARGV: raised threshold, then pairs. A slot knows of both what the
-- tenant's home knows, which alone counts samples.
redis.call('HSET', KEYS[2], 't', ARGV[1])
for at = 2, #ARGV do
  redis.call('SADD', KEYS[1], ARGV[at])
end
return 1
