-- What a client's key may do: the same as domain/client_keys/ decides, in the same order.
-- `records` is a hash of key id -> record (JSON). `usage` is a hash of <id>:w and :r (the minute's
-- start, and requests in it), :d and :t (the day, and tokens), :o and :n (the month, nano-dollars).

local usage_fields = { 'w', 'r', 'd', 't', 'o', 'n' }

-- The month's number and when it begins and ends are the caller's, the time is this server's.
local function month_of(now, check)
  if now < check.month_from then
    return check.month - 1
  end
  return now < check.month_until and check.month or check.month + 1
end

local function usage_at(usage, check, now)
  local names = {}
  for at = 1, #usage_fields do
    names[at] = check.id .. ':' .. usage_fields[at]
  end
  local held = redis.call('HMGET', usage, unpack(names))
  local u = {}
  for at = 1, #usage_fields do
    u[usage_fields[at]] = tonumber(held[at] or '') or 0
  end
  if now < u.w or now >= u.w + 60 then
    u.w, u.r = now, 0
  end
  local day, month = math.floor(now / 86400), month_of(now, check)
  if u.d ~= day then
    u.d, u.t = day, 0
  end
  if u.o ~= month then
    u.o, u.n = month, 0
  end
  return u
end

local function refusal_of(record, u, check, now)
  if not record then
    return 'unknown'
  elseif record.revoked_at then
    return 'revoked'
  elseif record.expires_at and record.expires_at <= now then
    return 'expired'
  end
  local listed = #record.models == 0 or not check.model
  for _, model in ipairs(record.models) do
    listed = listed or model == check.model
  end
  if not listed then
    return 'model'
  end
  local most = record.requests_per_minute
  return check.counts and most and u.r >= most and 'requests' or ''
end

local function shortage_of(record, u, check)
  if record.tokens_per_day and u.t + check.tokens > record.tokens_per_day then
    return 'tokens'
  elseif record.nano_dollars_per_month and not check.nano then
    return 'unpriced'
  elseif record.nano_dollars_per_month and u.n + check.nano > record.nano_dollars_per_month then
    return 'dollars'
  end
  return ''
end

-- The key behind a check, read and judged: `refusal` is empty where it is served.
local function asked_key(records, usage, check, now)
  local text = redis.call('HGET', records, check.id)
  local ok, record = pcall(cjson.decode, text or '')
  if not ok or type(record) ~= 'table' or type(record.models) ~= 'table' then
    record = nil
  end
  local u = usage_at(usage, check, now)
  local key = { text = text or '', record = record, u = u, refusal = '' }
  key.refusal = refusal_of(record, u, check, now)
  if key.refusal == '' and check.namespace and check.namespace ~= record.namespace then
    key.refusal = 'namespace'
  end
  return key
end

-- Count the request, and reserve what it may cost where no answer was `found`.
local function admit(usage, key, check, found)
  local u, words = key.u, {}
  if check.counts then
    u.r = u.r + 1
    words = { check.id .. ':w', u.w, check.id .. ':r', u.r }
  end
  key.short, key.charged, key.counted = '', 0, 1
  if check.reserves and not found then
    key.short = shortage_of(key.record, u, check)
    if key.short == '' then
      key.charged = 1
      u.t, u.n = u.t + check.tokens, u.n + (check.nano or 0)
      for _, field in ipairs({ 'd', 't', 'o', 'n' }) do
        words[#words + 1] = check.id .. ':' .. field
        words[#words + 1] = string.format('%.0f', u[field])
      end
    end
  end
  if #words > 0 and type(redis.pcall('HSET', usage, unpack(words))) ~= 'number' then
    key.charged, key.counted = 0, 0
  end
end

-- The reply to a lookup with a check: what the key has used, and what was found.
local function keyed(key, now, answer)
  local u = key.u
  local used = {}
  for at, field in ipairs(usage_fields) do
    used[at] = string.format('%.0f', u[field])
  end
  return { 'keyed', key.refusal, key.text, tostring(now), used, key.charged or 0, key.short or '',
    key.counted or 1, answer }
end
