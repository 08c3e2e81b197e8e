-- KEYS: one that nothing else uses. Does to it what lookups and commits do, each command once.
-- Gives ok; refused, where the server can be read alone; or unreadable; and why.
local key = KEYS[1]

local function failed(commands)
  for at = 1, #commands do
    local reply = redis.pcall(unpack(commands[at]))
    if type(reply) == 'table' and reply.err then
      return reply.err
    end
  end
end

local why = failed({
  {'TIME'}, {'HMGET', key, 'v'}, {'HGET', key, 'v'}, {'HGETALL', key}, {'PTTL', key},
  {'GET', key}, {'SISMEMBER', key, 'v'}, {'SCARD', key},
})
if why then
  return {'unreadable', why}
end
why = failed({
  {'HSET', key, 'v', '1'}, {'HINCRBY', key, 'v', 1}, {'PEXPIRE', key, 1000}, {'DEL', key},
  {'SADD', key, 'v'}, {'DEL', key}, {'LPUSH', key, 'v'}, {'LTRIM', key, 0, 0}, {'DEL', key},
  {'SET', key, 'v', 'PX', 1000}, {'DEL', key},
})
if why then
  return {'refused', why}
end
return {'ok'}
