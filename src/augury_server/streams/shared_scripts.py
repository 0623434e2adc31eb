"""What is done in Redis in one step each, as Lua; nothing newer than Redis 6.2.

Keys under a prefix: `s:ID` a hash of one session (v: updates, d: snapshot, o: owner, k: API key, f: facts as JSON);
`k:KEY` and `all` sorted sets of the sessions of a key and of all, by when they expire in ms; `gone:ID` a session that
was deleted; `p:OWNER` exists while that process lives; `w:OWNER` the sessions that others want from it. An owner of "*"
means that several processes use the session and each update goes through Redis.
"""

from __future__ import annotations

__all__ = ["CLAIM", "DELETE", "SAVE", "SHARED", "YIELD"]

SHARED = "*"

SAVE = """
local prefix, id, expected_owner, owner = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local expected, updates, data, key, facts = tonumber(ARGV[5]), ARGV[6], ARGV[7], ARGV[8], ARGV[9]
local life, now = tonumber(ARGV[10]), tonumber(ARGV[11])
local name = prefix .. 's:' .. id
if redis.call('EXISTS', prefix .. 'gone:' .. id) == 1 then return 'gone' end
local held = redis.call('HMGET', name, 'v', 'o')
if held[1] and held[2] ~= expected_owner then return 'moved' end
if held[1] and expected_owner == '*' and tonumber(held[1]) ~= expected then return 'moved' end
redis.call('HSET', name, 'v', updates, 'd', data, 'o', owner, 'k', key, 'f', facts)
redis.call('PEXPIRE', name, life)
for _, set in ipairs({prefix .. 'k:' .. key, prefix .. 'all'}) do
  redis.call('ZADD', set, now + life, id)
  redis.call('PEXPIRE', set, life)
end
return 'saved'
"""
"""Save a session if it is still what the saver believes it to be, or is not there at all."""

CLAIM = """
local prefix, id, me, key = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local name = prefix .. 's:' .. id
local held = redis.call('HMGET', name, 'v', 'd', 'o', 'k', 'f')
if not held[1] or held[4] ~= key then return {'none'} end
if held[3] == '*' then return {'shared', held[1], held[2], held[5]} end
if held[3] == me or redis.call('EXISTS', prefix .. 'p:' .. held[3]) == 0 then
  redis.call('HSET', name, 'o', me)
  return {'owned', held[1], held[2], held[5]}
end
redis.call('SADD', prefix .. 'w:' .. held[3], id)
redis.call('PEXPIRE', prefix .. 'w:' .. held[3], 60000)
return {'busy'}
"""
"""Take a session whose process is gone, join one that is shared, or ask its owner for it."""

YIELD = """
local name = ARGV[1] .. 's:' .. ARGV[2]
if redis.call('HGET', name, 'o') == ARGV[3] then redis.call('HSET', name, 'o', '*') end
return 1
"""
"""Let others have a session that its owner does not hold any more."""

DELETE = """
local prefix, id, me, key, life, mine = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6]
local name = prefix .. 's:' .. id
local held = redis.call('HMGET', name, 'o', 'k')
if held[1] and held[2] ~= key then return 0 end
if not held[1] and mine ~= '1' then return 0 end
redis.call('SET', prefix .. 'gone:' .. id, '1', 'PX', life)
redis.call('ZREM', prefix .. 'k:' .. key, id)
redis.call('ZREM', prefix .. 'all', id)
if not held[1] then return 0 end
if held[1] ~= me and held[1] ~= '*' then
  redis.call('SADD', prefix .. 'w:' .. held[1], id)
  redis.call('PEXPIRE', prefix .. 'w:' .. held[1], 60000)
end
return redis.call('DEL', name)
"""
"""Delete a session for good, and tell its owner. One that is not here leaves a mark only if the caller holds it."""
