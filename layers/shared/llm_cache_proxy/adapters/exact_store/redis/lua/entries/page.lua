-- KEYS: cutoffs, then records; ARGV: version, what a text must hold, bytes of its beginning. Gives
-- the place of each living entry among the records, and its id, created, expires, selectors, model,
-- tokens and, where bytes are wanted, the beginning.
local now = now_seconds()
local answer = {}
local wanted = ARGV[2]:lower()
local bytes = tonumber(ARGV[3])

-- Never cut within a character of UTF-8.
local function beginning(text)
  local last = bytes
  while last > 0 and (text:byte(last + 1) or 0) >= 128 and text:byte(last + 1) < 192 do
    last = last - 1
  end
  return text:sub(1, last)
end

for at = 2, #KEYS do
  local f = living(KEYS[at], KEYS[1], ARGV[1], '', now)
  if f and f[8] and not f[7] then
    local text = ''
    if wanted ~= '' or bytes > 0 then
      text = redis.call('HGET', KEYS[at], 't') or ''
    end
    if text:lower():find(wanted, 1, true) then
      answer[#answer + 1] = { at - 2, f[8], f[2], f[3], f[5], f[9] or 'other', f[10] or '0',
        f[11] or '0', beginning(text) }
    end
  end
end
return answer
