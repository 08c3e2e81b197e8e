-- KEYS: record, cutoffs, sequence, counter, index, usage, lease
-- ARGV: window, sequence at lookup, selectors, purge at, number of field words, created at, token of
--       the lease or '', field words, then counts as name, amount
-- Gives 1 stored, 0 cut off or fenced off, -1 where the server takes no writes.
local words, token = tonumber(ARGV[5]), ARGV[7]
count_pairs(KEYS[4], KEYS[5], KEYS[6], ARGV[1], 8 + words)
if token ~= '' then
  local held = holder(KEYS[7])
  if held and held ~= token then
    return 0
  end
  redis.pcall('DEL', KEYS[7])
  local wrote = redis.pcall('HGET', KEYS[1], 'k')
  if type(wrote) == 'string' and (tonumber(wrote) or 0) > tonumber(token) then
    return 0
  end
end
if cut_off(KEYS[2], selectors_in(ARGV[3]), tonumber(ARGV[2]), tonumber(ARGV[6])) then
  return 0
end
local fields = { unpack(ARGV, 8, 7 + words) }
fields[words + 1], fields[words + 2] = 'k', token == '' and '0' or token
if not write_record(KEYS[1], fields, others_fields) then
  return -1
end
redis.call('EXPIREAT', KEYS[1], ARGV[4])
return 1
