-- KEYS: index; ARGV: prefix of counter keys, fine age, day seconds, day age
-- Folds windows that are old enough into coarser ones, and gives all: id, names and amounts.
-- In one script, so that a reader never sees a window between its old place and its new one.
local now = now_seconds()
local function fold(window, into)
  local held = redis.call('HGETALL', ARGV[1] .. window)
  for at = 1, #held - 1, 2 do
    redis.call('HINCRBY', ARGV[1] .. into, held[at], held[at + 1])
  end
  redis.call('DEL', ARGV[1] .. window)
  redis.call('SREM', KEYS[1], window)
  redis.call('SADD', KEYS[1], into)
end
local day = tonumber(ARGV[3])
for _, window in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local seconds, start = window:match('^(%d+):(%d+)$')
  seconds, start = tonumber(seconds), tonumber(start)
  if seconds > 0 and seconds < day and start + seconds < now - tonumber(ARGV[2]) then
    fold(window, string.format('%.0f:%.0f', day, start - start % day))
  elseif seconds == day and start + seconds < now - tonumber(ARGV[4]) then
    fold(window, '0:0')
  end
end
local answer = {}
for _, window in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  answer[#answer + 1] = { window, redis.call('HGETALL', ARGV[1] .. window) }
end
return answer
