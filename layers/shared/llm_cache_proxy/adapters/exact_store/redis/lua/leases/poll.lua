-- KEYS: record, cutoffs, sequence, lease, fence, published answer
-- ARGV: version, digest, max age or '', milliseconds of a lease, its claim
-- Gives the sequence, and 'published' with its text, 'entry' with its fields, 'promoted', 'none', or the
-- lease: 'lead' or 'follow', token, age.
local sequence = redis.call('GET', KEYS[3]) or '0'
local published = redis.pcall('GET', KEYS[6])
if type(published) == 'string' then
  return { sequence, 'published', published }
end
local f = living(KEYS[1], KEYS[2], ARGV[1], ARGV[3], now_seconds())
if f and f[7] then
  return { sequence, 'promoted' }
end
if f and f[6] == ARGV[2] then
  return { sequence, 'entry', redis.call('HGETALL', KEYS[1]),
    tostring(now_seconds() + redis.call('TTL', KEYS[1])) }
end
local kind, token, age = take_lease(KEYS[4], KEYS[5], ARGV[4], ARGV[5])
return { sequence, kind or 'none', token, age }
