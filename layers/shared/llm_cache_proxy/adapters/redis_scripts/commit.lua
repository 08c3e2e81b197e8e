-- KEYS: record, cutoffs, sequence, counter, index, usage
-- ARGV: window, sequence at lookup, selectors, purge at, number of field words, created at, field
--       words, then counts as name, amount
-- Gives 1 stored, 0 cut off, -1 where the server takes no writes.
local words = tonumber(ARGV[5])
count_pairs(KEYS[4], KEYS[5], KEYS[6], ARGV[1], 7 + words)
if cut_off(KEYS[2], ARGV[3], tonumber(ARGV[2]), tonumber(ARGV[6])) then
  return 0
end
if not write_record(KEYS[1], { unpack(ARGV, 7, 6 + words) }, alias_fields) then
  return -1
end
redis.call('EXPIREAT', KEYS[1], ARGV[4])
return 1
