-- KEYS: record, cutoffs, sequence, counter, index, usage, barred pairs, standing, clients' keys,
--       lease, fence, ring
-- ARGV: version, form, digest, max age or '', window, check (JSON) or '', milliseconds of the lease
--       or '' for none, seconds past expiry that an entry may be, fraction of the TTL in which
--       it is renewed, the lease's claim, then counts as name, amount
local now = now_seconds()

-- A hit, with the lease where one is wanted and the entry is due to be renewed.
local function hit_on(f, sequence)
  local left, ttl = tonumber(f[3]) - now, tonumber(f[3]) - tonumber(f[2])
  local tier = left <= 0 and 'stale' or 'exact_hits'
  local hit, unproved = served(KEYS[1], f, ARGV[2], ARGV[3], now, sequence, tier, KEYS[4], KEYS[5],
    ARGV[5])
  if hit and ARGV[7] ~= '' and left <= ttl * tonumber(ARGV[9]) then
    hit[12], hit[13], hit[14] = take_lease(KEYS[10], KEYS[11], ARGV[7], ARGV[10])
  end
  return hit, unproved
end

local function looked_up()
  local sequence = redis.call('GET', KEYS[3]) or '0'
  local f = living(KEYS[1], KEYS[2], ARGV[1], ARGV[4], now, tonumber(ARGV[8]))
  if f and f[7] and ARGV[7] ~= '' and tonumber(f[3]) <= now then
    f = false
  end
  if f and f[7] then
    local alias = redis.call('HMGET', KEYS[1], 'r', 'd', 'e', 'b')
    return { 'alias', sequence, f[7], alias[1], alias[2], alias[3], f[6], alias[4] or '',
      raised_threshold(KEYS[8]), barred(KEYS[7], alias[4]) and '1' or '0' }
  elseif f and f[8] and barred(KEYS[7], spelling_pair(f[6], ARGV[3])) then
    return { 'barred', sequence }
  end
  local hit, unproved = false, false
  if f and f[8] then
    hit, unproved = hit_on(f, sequence)
  end
  local word = unproved and 'unproved' or 'miss'
  if hit or ARGV[7] == '' then
    return hit or { word, sequence }
  end
  return { word, sequence, take_lease(KEYS[10], KEYS[11], ARGV[7], ARGV[10]) }
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
    admit(KEYS[6], key, check, found[1] ~= 'miss' and found[1] ~= 'unproved')
  end
  answer = keyed(key, now, found)
end
count_pairs(KEYS[4], KEYS[5], KEYS[6], ARGV[5], 11)
return answer
