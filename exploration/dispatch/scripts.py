"""The moves of a job in Redis, each of which happens at once or not at all.

Keys: `queued` and `active` are lists of jobs, `incomplete` holds every job that waits or runs, scored with the time of
its retry or 0; of each job there are its record, its `hold` while it runs, and `again` while it is to run once more.
Times are the server's, so that no other clock matters.
"""

ENQUEUE = """
local queued, incomplete, active, job, hold, again = unpack(KEYS)
local record, life = unpack(ARGV)
if redis.call('LPOS', queued, job) then return 0 end
if redis.call('EXISTS', hold) == 1 then
    redis.call('SET', again, '1', 'EX', life)
    return 0
end
if tonumber(redis.call('ZSCORE', incomplete, job) or 0) > 0 then return 0 end
redis.call('LREM', active, 0, job)
redis.call('SET', job, record)
redis.call('ZADD', incomplete, 0, job)
redis.call('RPUSH', queued, job)
return 1
"""
"""A job that waits, for a worker or for its retry, stays as it is. One that runs will run once more. Any other is new,
or was left behind by a worker that died."""

TAKE = """
local active, job, hold, again = unpack(KEYS)
local token, life = unpack(ARGV)
if redis.call('SET', hold, token, 'NX', 'PX', life) then
    redis.call('DEL', again)
    return 1
end
redis.call('LREM', active, 0, job)
return 0
"""
"""One run at a time holds a job."""

KEEP = """
local life = ARGV[#ARGV]
for i, hold in ipairs(KEYS) do
    local holder = redis.call('GET', hold)
    if not holder or holder == ARGV[i] then redis.call('SET', hold, ARGV[i], 'PX', life) end
end
"""
"""A hold that has vanished is taken again: the server was flushed or frozen. That of another run is left alone."""

LEAVE = """
local queued, incomplete, active, job, hold, again = unpack(KEYS)
local token, record, delay = ARGV[1], ARGV[2], tonumber(ARGV[3])
if redis.call('GET', hold) ~= token then return 0 end
redis.call('DEL', hold)
redis.call('LREM', active, 0, job)
if redis.call('DEL', again) == 1 and delay < 0 then delay = 0 end
if redis.call('LPOS', queued, job) then return 1 end
if delay < 0 then
    redis.call('ZREM', incomplete, job)
    redis.call('DEL', job)
    return 1
end
redis.call('SET', job, record)
if delay > 0 then
    local now = redis.call('TIME')
    redis.call('ZADD', incomplete, now[1] + now[2] / 1000000 + delay, job)
else
    redis.call('ZADD', incomplete, 0, job)
    redis.call('RPUSH', queued, job)
end
return 1
"""
"""Only the holder can leave a job: done with it (a delay below 0), putting it back (0), or to try again later."""

DUE = """
local queued, incomplete = unpack(KEYS)
local now = redis.call('TIME')
for _, job in ipairs(redis.call('ZRANGEBYSCORE', incomplete, 1, now[1] + now[2] / 1000000)) do
    redis.call('ZADD', incomplete, 0, job)
    redis.call('RPUSH', queued, job)
end
"""
"""Retries whose time has come wait for a worker now."""
