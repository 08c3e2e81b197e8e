-- KEYS: cutoffs, sequence, counter, index, usage, clients' keys, records, ring
-- ARGV: version, max age or '', window, check (JSON) or '', 1 where these are all that is asked
--       for, the stamps of the bodies that the caller holds, milliseconds of a lease or 0, its claim,
--       then counts as name, amount
-- Gives sequence, now, the places of what others have leased in one word, those of what the caller
-- holds and is living in another, then for each other living entry two words, since a client reads few
-- faster: its place among the records from 1, created, expires, prompt tokens, entry id, stamp and
-- model in one, and its body. Of what the caller holds nothing is sent: under one stamp it is the same.
local now, now_ms = now_seconds(), now_milliseconds()
local first, asked = 7, #KEYS - 7
local cuts = cutoffs_of(KEYS[1])
local last_cut, cut_before = 0, 0
if type(cuts) == 'table' then
  for name, value in pairs(cuts) do
    local at = tonumber(value) or math.huge
    if name == 'before' then
      cut_before = at
    else
      last_cut = math.max(last_cut, at)
    end
  end
else -- too many to look at: each entry's are read
  last_cut = math.huge
end
local held_fields = { 'v', 'n', 'x', 'm', 'pt' }
if last_cut > 0 or cut_before > 0 or ARGV[2] ~= '' then
  held_fields[6], held_fields[7] = 'c', 'q'
end
local sequence_now = redis.call('GET', KEYS[2]) or '0'
local stamp_length = #ARGV[6] / math.max(1, asked)

-- Whether another has leased the item, and nothing was cleared since; else it is leased to the caller, where that is wanted and the
-- server takes writes.
local function is_followed(key)
  if ARGV[7] == '0' then
    return false
  end
  local held = redis.pcall('HGET', key, 'l')
  local words = type(held) == 'string' and held or ''
  local claim, until_ms, sequence = words:match('^(%w+):(%d+):(%d+)$')
  if claim and claim ~= ARGV[8] and tonumber(until_ms) > now_ms and sequence == sequence_now then
    return true
  end
  local ends = string.format('%.0f', now_ms + tonumber(ARGV[7]))
  redis.pcall('HSET', key, 'l', ARGV[8] .. ':' .. ends .. ':' .. sequence_now)
  if redis.pcall('HLEN', key) == 1 then
    redis.pcall('PEXPIREAT', key, ends)
  end
  return false
end

-- Whether no clear can have taken what was created then, whatever its selectors are.
local function untouched(sequence, created)
  return sequence >= last_cut and created >= cut_before
end

-- Model and tokens of what the caller holds under the stamp, where a few fields say that it is
-- living; nothing says no more than that all of them have to be looked at.
local function held_item(key, stamp)
  if stamp:sub(1, 1) == '-' then
    return
  end
  local f = redis.pcall('HMGET', key, unpack(held_fields))
  if f.err or f[1] ~= ARGV[1] or f[2] ~= stamp or not (f[4] and tonumber(f[5])) then
    return
  end
  if (tonumber(f[3]) or 0) <= now then
    return
  end
  if held_fields[6] then
    local created, sequence = tonumber(f[6]), tonumber(f[7])
    if not (created and sequence and untouched(sequence, created)) then
      return
    end
    if ARGV[2] ~= '' and now - created > tonumber(ARGV[2]) then
      return
    end
  end
  return f[4], f[5]
end

-- The same as `living` for an entry, by less than half the work where all is well.
local function living_item(key)
  local f = redis.pcall('HMGET', key, 'v', 'c', 'x', 'q', 'g', 'i', 'm', 'pt', 'n', 'a')
  if not f.err and not f[1] then
    return
  end
  local created, expires, sequence = tonumber(f[2]), tonumber(f[3]), tonumber(f[4])
  if f[1] ~= ARGV[1] or not (created and expires and sequence and f[6] and f[7] and tonumber(f[8]))
    or not f[5] or f[5]:sub(1, 2) ~= '["' then
    living(key, cuts, ARGV[1], ARGV[2], now) -- which removes what is malformed
    return
  end
  if f[10] or expires <= now or (ARGV[2] ~= '' and now - created > tonumber(ARGV[2])) then
    return
  end
  return (untouched(sequence, created) or not cut_off(cuts, selectors_in(f[5]), sequence, created)) and f
end

local function looked_up()
  local found = { sequence_now, tostring(now), '', '' }
  local hits, by_model, followed, held = 0, {}, {}, {}
  local function count_hit(model, tokens)
    hits = hits + 1
    local sums = by_model[model] or { 0, 0 }
    sums[1], sums[2] = sums[1] + 1, sums[2] + tonumber(tokens)
    by_model[model] = sums
  end
  for place = 1, asked do
    local key = KEYS[first + place - 1]
    local stamp = ARGV[6]:sub((place - 1) * stamp_length + 1, place * stamp_length)
    local model, tokens = held_item(key, stamp)
    if model then
      held[#held + 1] = place
      count_hit(model, tokens)
    else
      local f = living_item(key)
      local is_held = f and f[9] == stamp
      local body = f and (is_held or redis.call('HGET', key, 'j'))
      if is_held then
        held[#held + 1] = place
        count_hit(f[7], f[8])
      elseif body and body ~= '' then
        found[#found + 1] = table.concat({ place, f[2], f[3], f[8], f[6], f[9] or '-', f[7] }, ' ')
        found[#found + 1] = body
        count_hit(f[7], f[8])
      elseif is_followed(key) then
        followed[#followed + 1] = place
      end
    end
  end
  found[3], found[4] = table.concat(followed, ' '), table.concat(held, ' ')
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
count_pairs(KEYS[3], KEYS[4], KEYS[5], ARGV[3], 9)
return answer
