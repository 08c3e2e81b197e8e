-- KEYS: record, cutoffs, sequence, counter, index, barred pairs, standing, ring
-- ARGV: version, form, digest, max age or '', window, then counts as name, amount
local now = now_seconds()
local sequence = redis.call('GET', KEYS[3]) or '0'
local f = living(KEYS[1], KEYS[2], ARGV[1], ARGV[4], now)
local answer = { 'miss', sequence }
if f and f[7] then
  local alias = redis.call('HMGET', KEYS[1], 'r', 'd', 'e', 'b')
  answer = { 'alias', sequence, f[7], alias[1], alias[2], alias[3], f[6], alias[4] or '',
    raised_threshold(KEYS[7]), barred(KEYS[6], alias[4]) and '1' or '0' }
elseif f and f[8] and barred(KEYS[6], spelling_pair(f[6], ARGV[3])) then
  answer = { 'barred', sequence }
elseif f and f[8] then
  local hit = served(KEYS[1], f, ARGV[2], ARGV[3], now, sequence, 'exact_hits', KEYS[4], KEYS[5],
    ARGV[5])
  answer = hit or answer
end
count_pairs(KEYS[4], KEYS[5], ARGV[5], 6)
return answer
