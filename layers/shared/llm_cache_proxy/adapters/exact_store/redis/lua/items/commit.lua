-- KEYS: cutoffs, sequence, counter, index, usage, records
-- ARGV: window, stamp of the bodies, then for each record: sequence at lookup, selectors, purge at, created at, number of
--       field words, field words; then counts as name, amount
-- Gives how many records were stored, or -1 where the server takes no writes.
local first, at, stored = 6, 3, 0
local cuts = cutoffs_of(KEYS[1])
for place = first, #KEYS do
  local sequence, selectors = tonumber(ARGV[at]), selectors_in(ARGV[at + 1])
  local purge_at, created, words = ARGV[at + 2], tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
  local fields = { unpack(ARGV, at + 5, at + 4 + words) }
  at = at + 5 + words
  if stored >= 0 and not cut_off(cuts, selectors, sequence, created) then
    fields[words + 1], fields[words + 2] = 'k', '0'
    fields[words + 3], fields[words + 4] = 'n', ARGV[2]
    if write_record(KEYS[place], fields, alias_fields) then
      redis.call('EXPIREAT', KEYS[place], purge_at)
      stored = stored + 1
    else
      stored = -1
    end
  end
end
count_pairs(KEYS[3], KEYS[4], KEYS[5], ARGV[1], at)
return stored
