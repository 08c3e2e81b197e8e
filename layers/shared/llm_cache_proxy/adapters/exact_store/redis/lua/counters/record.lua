-- KEYS: counter, index, usage, ring; ARGV: window, then counts as name, amount
for at = 2, #ARGV - 1, 2 do
  if ARGV[at]:sub(1, 6) == 'usage:' then
    correct(KEYS[3], ARGV[at], ARGV[at + 1])
  elseif not remember(ARGV[at], ARGV[at + 1]) then
    redis.call('HINCRBY', KEYS[1], ARGV[at], ARGV[at + 1])
    redis.call('SADD', KEYS[2], ARGV[1])
  end
end
return 1
