-- KEYS: cutoffs, sequence; ARGV: a sequence, then selectors and their cutoffs in turns. Never moves
-- any of them back.
local function raise(present, to)
  return string.format('%.0f', math.max(tonumber(present or '0') or 0, tonumber(to)))
end
redis.call('SET', KEYS[2], raise(redis.call('GET', KEYS[2]), ARGV[1]))
for at = 2, #ARGV - 1, 2 do
  redis.call('HSET', KEYS[1], ARGV[at], raise(redis.call('HGET', KEYS[1], ARGV[at]), ARGV[at + 1]))
end
return 1
