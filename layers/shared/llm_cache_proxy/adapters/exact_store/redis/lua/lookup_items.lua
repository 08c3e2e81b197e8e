-- KEYS: cutoffs, sequence, counter, index, usage, clients' keys, records, ring
-- ARGV: version, max age or '', window, check (JSON) or '', 1 where these are all that is asked
--       for, then counts as name, amount
-- Gives sequence, now, then for each living entry two words, since a client reads few faster: its
-- place among the records from 1, created, expires, prompt tokens, entry id and model in one, and body.
local now = now_seconds()
local first, asked = 7, #KEYS - 7

local function looked_up()
  local found = { redis.call('GET', KEYS[2]) or '0', tostring(now) }
  local hits, by_model = 0, {}
  for place = 1, asked do
    local key = KEYS[first + place - 1]
    local f = living(key, KEYS[1], ARGV[1], ARGV[2], now)
    local body = f and f[8] and not f[7] and redis.call('HGET', key, 'j')
    if body and body ~= '' then
      hits = hits + 1
      found[#found + 1] = table.concat({ place, f[2], f[3], f[10], f[8], f[9] }, ' ')
      found[#found + 1] = body
      local sums = by_model[f[9]] or { 0, 0 }
      by_model[f[9]] = { sums[1] + 1, sums[2] + tonumber(f[10]) }
    end
  end
  for model, sums in pairs(by_model) do
    count(KEYS[3], KEYS[4], ARGV[3], 'model:' .. model .. ':hits', sums[1])
    local saved = string.format('%.0f', sums[2])
    count(KEYS[3], KEYS[4], ARGV[3], 'model:' .. model .. ':prompt_saved', saved)
  end
  if ARGV[5] == '1' and hits > 0 and hits == asked then
    count(KEYS[3], KEYS[4], ARGV[3], 'exact_hits', 1)
  end
  return found, asked - hits
end

local answer
if ARGV[4] == '' then
  answer = looked_up()
else
  local check = cjson.decode(ARGV[4])
  local key = asked_key(KEYS[6], KEYS[5], check, now)
  local found, missing = {}, 0
  if key.refusal == '' then
    found, missing = looked_up()
    if asked > 0 then
      check.tokens = math.ceil(check.tokens * missing / asked)
      check.nano = check.nano and math.ceil(check.nano * missing / asked)
    end
    admit(KEYS[5], key, check, asked > 0 and missing == 0)
  end
  answer = keyed(key, now, found)
end
count_pairs(KEYS[3], KEYS[4], KEYS[5], ARGV[3], 6)
return answer
