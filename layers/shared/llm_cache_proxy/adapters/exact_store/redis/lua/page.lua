-- KEYS: cutoffs, then records; ARGV: version. Gives the place of each living entry among the
-- records, and its id, created, expires, selectors, model, and tokens.
local now = now_seconds()
local answer = {}
for at = 2, #KEYS do
  local f = living(KEYS[at], KEYS[1], ARGV[1], '', now)
  if f and f[8] and not f[7] then
    answer[#answer + 1] = { at - 2, f[8], f[2], f[3], f[5], f[9] or 'other', f[10] or '0',
      f[11] or '0' }
  end
end
return answer
