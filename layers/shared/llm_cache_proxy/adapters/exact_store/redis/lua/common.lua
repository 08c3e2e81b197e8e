-- Shared by every script: what a living record is, and how counters grow.
-- A record is a hash. Entry: v version, c created, x expires, q sequence, g selectors (JSON),
-- m model, pt pc tokens, i entry id, h text digest, t text, j json, s sse, u usage event.
-- Alias: v c x q g as its target's, a target, r similarity, d decision version, e embedder, h,
-- b the texts' name as a barred pair. An entry has k, the token of the lease that wrote it, or 0;
-- one of a batch has n, the stamp of its body. A record may have l, an item's lease, and nothing else:
-- "claim:until:sequence", until in milliseconds.
-- A lease is "token:since:claim", since in milliseconds; its key lives as long as it is held.

local function now_seconds()
  return tonumber(redis.call('TIME')[1])
end

local function now_milliseconds()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- The token that holds the lease and since when; nothing where nobody does.
local function holder(lease)
  local held = redis.pcall('GET', lease)
  if type(held) == 'string' then
    return held:match('^(%d+):(%d+)')
  end
end

-- 'lead' or 'follow', the token and the lease's age in milliseconds; nothing where the server
-- takes no writes: a leader could not end its lease there, and those who follow it would wait until
-- it lapses. Tokens follow the clock, so that they grow even if the last one was evicted.
local function take_lease(lease, fence, milliseconds, claim)
  local now = now_milliseconds()
  local held, since = holder(lease)
  local last = redis.pcall('GET', fence)
  local before = type(last) == 'string' and tonumber(last) or 0
  local token = held and math.max(before, tonumber(held)) or math.max(before + 1, now)
  local highest = string.format('%.0f', token)
  if redis.pcall('SET', fence, highest).err then
    return
  end
  if held then
    return 'follow', held, string.format('%.0f', math.max(0, now - tonumber(since)))
  end
  local value = highest .. ':' .. string.format('%.0f', now) .. ':' .. claim
  if redis.pcall('SET', lease, value, 'PX', milliseconds).err then
    return
  end
  return 'lead', highest, '0'
end

-- Counting never fails a call: a full or read-only server still answers, uncounted.
local function count(counter, index, window, name, amount)
  local grown = redis.pcall('HINCRBY', counter, name, amount)
  if grown == tonumber(amount) then -- the first of its name: perhaps the first of the window
    redis.pcall('SADD', index, window)
  end
end

-- The ring is the last of KEYS wherever counts are handed over; `recent` is no counter but a line
-- of it, and `recent_kept` says how many lines stay. Gives whether the word was one of them.
local function remember(word, value)
  if word == 'recent' then
    redis.pcall('LPUSH', KEYS[#KEYS], value)
  elseif word == 'recent_kept' then
    redis.pcall('LTRIM', KEYS[#KEYS], 0, tonumber(value) - 1)
  else
    return false
  end
  return true
end

-- `usage:<key id>:t:<day>` and `usage:<key id>:n:<month>` are no counters either: they correct what
-- a client's key has used. One of a day or a month that is over changes nothing.
local function correct(usage, name, amount)
  local id, what, period = name:match('^usage:(%x+):([tn]):(%d+)$')
  local stamp = what == 't' and 'd' or 'o'
  if not id then
    return
  end
  local held = tonumber(redis.call('HGET', usage, id .. ':' .. stamp) or '0') or 0
  if held < tonumber(period) then
    redis.pcall('HSET', usage, id .. ':' .. stamp, period, id .. ':' .. what, 0)
  end
  if held <= tonumber(period) then
    local left = redis.pcall('HINCRBY', usage, id .. ':' .. what, amount)
    if type(left) == 'number' and left < 0 then
      redis.pcall('HSET', usage, id .. ':' .. what, 0)
    end
  end
end

local function count_pairs(counter, index, usage, window, first)
  for at = first, #ARGV - 1, 2 do
    if ARGV[at]:sub(1, 6) == 'usage:' then
      correct(usage, ARGV[at], ARGV[at + 1])
    elseif not remember(ARGV[at], ARGV[at + 1]) then
      count(counter, index, window, ARGV[at], ARGV[at + 1])
    end
  end
end

-- The selectors in a record's JSON; nothing where they are none.
local function selectors_in(json)
  local ok, selectors = pcall(cjson.decode, json)
  if ok and type(selectors) == 'table' and #selectors > 0 then
    return selectors
  end
end

local most_read_at_once = 100

-- What has been cut, for scripts that ask of many records: read once where it is little.
local function cutoffs_of(cuts)
  if redis.call('HLEN', cuts) > most_read_at_once then
    return cuts
  end
  local words, held = redis.call('HGETALL', cuts), {}
  for at = 1, #words, 2 do
    held[words[at]] = words[at + 1]
  end
  return held
end

-- `cuts` is the cutoffs' key, or what `cutoffs_of` gave. `before` kills by age: what was created
-- earlier than it, in Unix seconds.
local function cut_off(cuts, selectors, sequence, created)
  if not selectors then
    return true
  end
  local before, cutoffs = #selectors + 1, {}
  selectors[before] = 'before'
  if type(cuts) == 'table' then
    for at = 1, before do
      cutoffs[at] = cuts[selectors[at]]
    end
  else
    cutoffs = redis.call('HMGET', cuts, unpack(selectors))
  end
  if cutoffs[before] and tonumber(cutoffs[before]) > created then
    return true
  end
  for at = 1, before - 1 do
    if cutoffs[at] and tonumber(cutoffs[at]) > sequence then
      return true
    end
  end
  return false
end

local entry_fields = { 'k', 'm', 'pt', 'pc', 'i', 't', 'j', 's', 'u', 'n' }
local alias_fields = { 'a', 'r', 'd', 'e', 'b', 'l' }
local others_fields = { 'n', unpack(alias_fields) }

-- Whether the record could be written over whatever stood there; `others` are the fields that it
-- must not have. The new ones go first: once a script has written anything, a full server lets it
-- write everything.
local function write_record(key, words, others)
  local kind = redis.call('TYPE', key).ok
  if kind ~= 'hash' and kind ~= 'none' then
    redis.pcall('DEL', key)
  end
  if type(redis.pcall('HSET', key, unpack(words))) ~= 'number' then
    return false
  end
  redis.call('HDEL', key, unpack(others))
  return true
end

local function whole(value)
  return value and value:match('^%d+$') and tonumber(value)
end

-- The selectors of an entry or an alias of this version in the fields, as `living` reads them;
-- nothing where they make none.
local function well_formed(key, f, version)
  if f[1] ~= version or not (whole(f[2]) and whole(f[3]) and whole(f[4]) and f[5] and f[6]) then
    return
  end
  local selectors, good = selectors_in(f[5])
  if not f[7] then
    good = f[8] and f[9] and whole(f[10]) and whole(f[11])
  else
    local alias = redis.call('HMGET', key, 'r', 'd', 'e')
    local similarity = tonumber(alias[1] or '')
    good = similarity and similarity >= -1 and similarity <= 1 and whole(alias[2]) and alias[3]
  end
  return good and selectors
end

-- The fields of the record if it may be served, up to `stale` seconds after its expiry if that is
-- given, else false; what is malformed is removed. `cuts` as in `cut_off`.
local function living(key, cuts, version, max_age, now, stale)
  local f = redis.pcall('HMGET', key, 'v', 'c', 'x', 'q', 'g', 'h', 'a', 'i', 'm', 'pt', 'pc')
  if f.err then
    redis.pcall('DEL', key)
    return false
  end
  if not f[1] then
    return false
  end
  local selectors = well_formed(key, f, version)
  if not selectors then
    redis.pcall('DEL', key)
    return false
  end
  local created = tonumber(f[2])
  if tonumber(f[3]) + (stale or 0) <= now or cut_off(cuts, selectors, tonumber(f[4]), created) then
    return false
  end
  if max_age ~= '' and now - created > tonumber(max_age) then
    return false
  end
  return f
end

-- What a hit gives, counted under `tier`; false where the entry is not whole, and false and true
-- where it does not have the form.
local function served(key, f, form, digest, now, sequence, tier, counter, index, window)
  local names = { json = { 'j' }, sse = { 's' }, sse_usage = { 's', 'u' } }
  local bodies = redis.call('HMGET', key, unpack(names[form]))
  for at = 1, #names[form] do
    if not bodies[at] then
      redis.pcall('DEL', key)
      return false
    end
  end
  if bodies[1] == '' then
    return false, true
  end
  local text = false
  if f[6] ~= digest then
    text = redis.call('HGET', key, 't')
  end
  local model = f[9]
  count(counter, index, window, tier, 1)
  count(counter, index, window, 'model:' .. model .. ':hits', 1)
  count(counter, index, window, 'model:' .. model .. ':prompt_saved', f[10])
  count(counter, index, window, 'model:' .. model .. ':completion_saved', f[11])
  return { 'hit', sequence, table.concat(bodies), f[8], f[2], f[3], tostring(now), model,
    f[10], f[11], text }
end

-- Two digests of texts that normalising makes one, as domain/entries/pairs.py names them; false for one
-- text with itself, which nothing bars.
local function spelling_pair(a, b)
  if a == b then
    return false
  end
  return a < b and a .. b or b .. a
end

local function barred(pairs_key, pair)
  return pair and redis.pcall('SISMEMBER', pairs_key, pair) == 1
end

local function raised_threshold(standing_key)
  local raised = redis.pcall('HGET', standing_key, 't')
  return type(raised) == 'string' and tonumber(raised) and raised or '0'
end
