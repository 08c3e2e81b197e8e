-- KEYS: standing, barred pairs; ARGV: 1 where the sample was wrong, 0 where right, '' for no sample
-- Standing: t raised threshold, n samples since it changed, w wrong ones among them.
if ARGV[1] ~= '' then
  redis.call('HINCRBY', KEYS[1], 'n', 1)
  redis.call('HINCRBY', KEYS[1], 'w', ARGV[1])
end
local f = redis.call('HMGET', KEYS[1], 't', 'n', 'w')
return { f[1] or '0', f[2] or '0', f[3] or '0', tostring(redis.call('SCARD', KEYS[2])) }
