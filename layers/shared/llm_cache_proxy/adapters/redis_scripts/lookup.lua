-- KEYS: record, cutoffs, sequence, counter, index, usage, barred pairs, standing, clients' keys,
--       lease, fence, ring
-- ARGV: version, form, digest, max age or '', window, check (JSON) or '', milliseconds of the lease
--       or '' for none, then counts as name, amount
local now = now_seconds()

local function looked_up()
  local sequence = redis.call('GET', KEYS[3]) or '0'
  local f = living(KEYS[1], KEYS[2], ARGV[1], ARGV[4], now)
  if f and f[7] then
    local alias = redis.call('HMGET', KEYS[1], 'r', 'd', 'e', 'b')
    return { 'alias', sequence, f[7], alias[1], alias[2], alias[3], f[6], alias[4] or '',
      raised_threshold(KEYS[8]), barred(KEYS[7], alias[4]) and '1' or '0' }
  elseif f and f[8] and barred(KEYS[7], spelling_pair(f[6], ARGV[3])) then
    return { 'barred', sequence }
  end
  local hit = f and f[8] and served(KEYS[1], f, ARGV[2], ARGV[3], now, sequence, 'exact_hits',
    KEYS[4], KEYS[5], ARGV[5])
  if hit or ARGV[7] == '' then
    return hit or { 'miss', sequence }
  end
  return { 'miss', sequence, take_lease(KEYS[10], KEYS[11], ARGV[7]) }
end

local answer
if ARGV[6] == '' then
  answer = looked_up()
else
  local check = cjson.decode(ARGV[6])
  local key = asked_key(KEYS[9], KEYS[6], check, now)
  local found = {}
  if key.refusal == '' then
    found = looked_up()
    admit(KEYS[6], key, check, found[1] ~= 'miss')
  end
  answer = keyed(key, now, found)
end
count_pairs(KEYS[4], KEYS[5], KEYS[6], ARGV[5], 8)
return answer
