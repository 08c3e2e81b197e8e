-- KEYS: clients' keys, usage; ARGV: check (JSON)
-- What a lookup says of the key, where the answer is looked for in another slot: counts the request
-- and reserves what it may cost, as far as the check says so.
local now = now_seconds()
local check = cjson.decode(ARGV[1])
local key = asked_key(KEYS[1], KEYS[2], check, now)
if key.refusal == '' then
  admit(KEYS[2], key, check, false)
end
return keyed(key, now, {})
