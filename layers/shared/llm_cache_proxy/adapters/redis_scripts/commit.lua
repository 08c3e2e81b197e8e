-- KEYS: record, cutoffs, sequence, counter, index
-- ARGV: window, sequence at lookup, selectors, purge at, number of field words, created at, field
--       words, then counts as name, amount
local words = tonumber(ARGV[5])
count_pairs(KEYS[4], KEYS[5], ARGV[1], 7 + words)
if cut_off(KEYS[2], ARGV[3], tonumber(ARGV[2]), tonumber(ARGV[6])) then
  return 0
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(ARGV, 7, 6 + words))
redis.call('EXPIREAT', KEYS[1], ARGV[4])
return 1
