-- KEYS: target, cutoffs, sequence, counter, index, and the alias's record if one is to be left
-- ARGV: version, form, digest, max age or '', window, target's key, similarity, decision version,
--       embedder, alias's digest
local now = now_seconds()
local sequence = redis.call('GET', KEYS[3]) or '0'
local f = living(KEYS[1], KEYS[2], ARGV[1], ARGV[4], now)
if not f or f[7] or not f[8] then
  return { 'miss', sequence }
end
local hit = served(KEYS[1], f, ARGV[2], ARGV[3], now, sequence, 'semantic_hits', KEYS[4], KEYS[5],
  ARGV[5])
if not hit then
  return { 'miss', sequence }
end
if KEYS[6] then
  local left = redis.call('PTTL', KEYS[1])
  redis.pcall('DEL', KEYS[6])
  local written = redis.pcall('HSET', KEYS[6], 'v', f[1], 'c', f[2], 'x', f[3], 'q', f[4],
    'g', f[5], 'h', ARGV[10], 'a', ARGV[6], 'r', ARGV[7], 'd', ARGV[8], 'e', ARGV[9])
  if type(written) == 'number' and left > 0 then
    redis.call('PEXPIRE', KEYS[6], left)
  end
end
return hit
