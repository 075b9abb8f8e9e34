"""The Lua scripts that the server runs: each is one atomic step in RQ's own key format.

RQ's tools see what is written here: a hash `rq:job:<id>`, a list `rq:queue:<site>:<queue>`, the
set `rq:queues`. Beside them each queue has a bell, a list that holds one token while the queue
holds ids: a sleeping worker waits for the token, so several queues can be waited for without
taking an id off any of them outside a script (RQ's BLPOP loses what it took when it dies).

Keys are computed in the scripts, which Redis Cluster does not allow; one server with replicas is
what a broker of ids needs.
Source: design 6; jobs.md 2.4 and 6.3.
"""

from __future__ import annotations

#: ARGV: "1" to push in any case, site prefix, bell prefix, data before the id, data after it,
#: then per ticket: id, queue, "L" or "R", label, timeout, time
RELEASE = """
local again, site, bell = ARGV[1] == '1', ARGV[2], ARGV[3]
local released, rung = 0, {}
for i = 6, #ARGV, 6 do
  local id, queue = ARGV[i], ARGV[i + 1]
  local hash = 'rq:job:' .. id
  local status = redis.call('HGET', hash, 'status')
  if again or status ~= 'queued' then
    if status then redis.call('DEL', hash) end
    redis.call('HSET', hash, 'status', 'queued', 'origin', site .. queue, 'description', ARGV[i + 3],
      'timeout', ARGV[i + 4], 'created_at', ARGV[i + 5], 'enqueued_at', ARGV[i + 5],
      'result_ttl', '0', 'data', ARGV[4] .. id .. ARGV[5])
    redis.call(ARGV[i + 2] .. 'PUSH', 'rq:queue:' .. site .. queue, id)
    rung[queue] = true
    released = released + 1
  end
end
for queue in pairs(rung) do
  redis.call('SADD', 'rq:queues', 'rq:queue:' .. site .. queue)
  if redis.call('EXISTS', bell .. queue) == 0 then redis.call('RPUSH', bell .. queue, '1') end
end
return released
"""

#: ARGV: processing list, seconds it lives, worker, site prefix, bell prefix, time, then the queues
POP = """
local list, worker, site, bell = ARGV[1], ARGV[3], ARGV[4], ARGV[5]
for i = 7, #ARGV do
  local queue = 'rq:queue:' .. site .. ARGV[i]
  local token = bell .. ARGV[i]
  local id = redis.call('LMOVE', queue, list, 'LEFT', 'RIGHT')
  if not id or redis.call('EXISTS', queue) == 0 then
    redis.call('DEL', token)
  elseif redis.call('EXISTS', token) == 0 then
    redis.call('RPUSH', token, '1')
  end
  if id then
    redis.call('EXPIRE', list, ARGV[2])
    if redis.call('EXISTS', 'rq:job:' .. id) == 1 then
      redis.call('HSET', 'rq:job:' .. id, 'status', 'started', 'worker_name', worker, 'started_at', ARGV[6])
    end
    return id
  end
end
return false
"""

#: for a server whose memory is full: it allows only what frees some. The id is in no list until its
#: job is claimed; should the worker die before, the relay misses it.
#: ARGV: site prefix, then the queues
POP_WHEN_FULL = """
for i = 2, #ARGV do
  local id = redis.call('LPOP', 'rq:queue:' .. ARGV[1] .. ARGV[i])
  if id then
    redis.call('DEL', 'rq:job:' .. id)
    return id
  end
end
return false
"""

#: ARGV: processing list, id, worker key, counter of the worker or ""
DONE = """
redis.call('LREM', ARGV[1], 1, ARGV[2])
local hash = 'rq:job:' .. ARGV[2]
if redis.call('HGET', hash, 'status') ~= 'queued' then redis.call('DEL', hash) end
if ARGV[4] ~= '' and redis.call('EXISTS', ARGV[3]) == 1 then redis.pcall('HINCRBY', ARGV[3], ARGV[4], 1) end
return 1
"""

#: a few ids are looked for one by one; for more the list is written anew, once, beside the old one: each look
#: walks through the whole list, and the server does nothing else meanwhile
#: ARGV: ids
FORGET = """
local queues = {}
for i = 1, #ARGV do
  local hash = 'rq:job:' .. ARGV[i]
  local origin = redis.call('HGET', hash, 'origin')
  if origin then
    queues[origin] = queues[origin] or {}
    table.insert(queues[origin], ARGV[i])
  end
end
for origin, ids in pairs(queues) do
  local queue = 'rq:queue:' .. origin
  if #ids <= 8 then
    for _, id in ipairs(ids) do redis.call('LREM', queue, 0, id) end
  else
    local gone, kept, copy = {}, {}, queue .. ':kept'
    for _, id in ipairs(ids) do gone[id] = true end
    redis.call('DEL', copy)
    for _, id in ipairs(redis.call('LRANGE', queue, 0, -1)) do
      if not gone[id] then table.insert(kept, id) end
      if #kept == 1000 then
        redis.call('RPUSH', copy, unpack(kept))
        kept = {}
      end
    end
    if #kept > 0 then redis.call('RPUSH', copy, unpack(kept)) end
    if redis.call('EXISTS', copy) == 1 then redis.call('RENAME', copy, queue) else redis.call('DEL', queue) end
  end
  for _, id in ipairs(ids) do redis.call('DEL', 'rq:job:' .. id) end
end
return #ARGV
"""

#: ARGV: site prefix, bell prefix
CLEAR = """
local prefix = 'rq:queue:' .. ARGV[1]
for _, queue in ipairs(redis.call('SMEMBERS', 'rq:queues')) do
  if string.sub(queue, 1, #prefix) == prefix then
    for _, id in ipairs(redis.call('LRANGE', queue, 0, -1)) do redis.call('DEL', 'rq:job:' .. id) end
    redis.call('DEL', queue, ARGV[2] .. string.sub(queue, #prefix + 1))
    redis.call('SREM', 'rq:queues', queue)
  end
end
return 1
"""

#: ARGV: worker key, seconds it lives, state, time; returns 0 when the server does not know the worker
HEARTBEAT = """
if redis.call('EXISTS', ARGV[1]) == 0 then return 0 end
redis.call('HSET', ARGV[1], 'state', ARGV[3], 'last_heartbeat', ARGV[4])
redis.call('EXPIRE', ARGV[1], ARGV[2])
return 1
"""
