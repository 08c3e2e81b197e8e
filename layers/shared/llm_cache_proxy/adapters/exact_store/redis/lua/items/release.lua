-- KEYS: records; ARGV: claim. Ends the leases of items that were taken under the claim.
for at = 1, #KEYS do
  local held = redis.pcall('HGET', KEYS[at], 'l')
  if type(held) == 'string' and held:match('^(%w+):') == ARGV[1] then
    redis.call('HDEL', KEYS[at], 'l')
  end
end
return 1
