-- KEYS: the alias's record, lease; ARGV: token of the lease that ends or '', milliseconds, then the
-- alias's fields. For an alias whose target is in another slot.
if write_record(KEYS[1], { unpack(ARGV, 3) }, entry_fields) then
  redis.pcall('PEXPIRE', KEYS[1], ARGV[2])
end
if ARGV[1] ~= '' and holder(KEYS[2]) == ARGV[1] then
  redis.pcall('DEL', KEYS[2])
end
return 1
