-- KEYS: target, cutoffs, sequence, counter, index, usage, barred pairs, standing, lease, and the
--       alias's record if one is to be left
-- ARGV: version, form, digest, max age or '', window, pair or '', similarity, token of a lease that
--       ends or '', and for the alias target's key, decision version, embedder, digest, pair (five
--       times '' where none is left), then counts as name, amount
local now = now_seconds()
local sequence = redis.call('GET', KEYS[3]) or '0'
local f = living(KEYS[1], KEYS[2], ARGV[1], ARGV[4], now)
if not f or f[7] or not f[8] then
  return { 'miss', sequence }
end
if ARGV[6] ~= '' then
  if barred(KEYS[7], ARGV[6]) then
    return { 'barred', sequence }
  end
  local least = raised_threshold(KEYS[8])
  if tonumber(ARGV[7]) < tonumber(least) then
    return { 'below', sequence, least }
  end
end
local hit, unproved = served(KEYS[1], f, ARGV[2], ARGV[3], now, sequence, 'semantic_hits', KEYS[4],
  KEYS[5], ARGV[5])
if not hit then
  return { unproved and 'unproved' or 'miss', sequence }
end
count_pairs(KEYS[4], KEYS[5], KEYS[6], ARGV[5], 14)
if KEYS[10] then
  local left = redis.call('PTTL', KEYS[1])
  local alias = { 'v', f[1], 'c', f[2], 'x', f[3], 'q', f[4], 'g', f[5], 'h', ARGV[12],
    'a', ARGV[9], 'r', ARGV[7], 'd', ARGV[10], 'e', ARGV[11], 'b', ARGV[13] }
  if write_record(KEYS[10], alias, entry_fields) and left > 0 then
    redis.call('PEXPIRE', KEYS[10], left)
  end
end
if ARGV[8] ~= '' and holder(KEYS[9]) == ARGV[8] then
  redis.pcall('DEL', KEYS[9])
end
return hit
