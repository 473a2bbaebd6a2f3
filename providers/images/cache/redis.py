"""The cache that all processes share, in Redis: a key for each picture, and an index of each workspace's pictures.

A picture is there when its key is and the index lists it. So clearing is taking names off the index, and it does no
harm when the server evicts either: what is not listed, or not there, was forgotten. The index is sorted by the time at
which each picture expires by the server's clock. It is bounded in number and in bytes, since the server may be one that
evicts nothing, and holds the queue as well.
"""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis

from providers.images.cache.memory import MIB, MemoryImageCache
from providers.images.cache.packing import packed, unpacked
from providers.images.cache.port import CacheStats
from providers.images.link import Link
from providers.images.port import Picture
from telemetry.metrics import cache as metrics

MOST_BYTES = 128 * MIB
"""Of one workspace's pictures."""
LARGEST = 8 * MIB
"""Bytes of a picture that is sent: much more could take longer than a server may before it counts as away."""
MOST_ENTRIES = 10_000
"""Of one workspace: walking over all of them takes the server some tens of milliseconds."""
TRIM_SHARE = 16
"""A process walks over them when it has put a sixteenth of the most bytes."""
CLEAR_AT_ONCE = 500

_LOOKS = {True: metrics.HITS.labels("redis", "image"), False: metrics.MISSES.labels("redis", "image")}
_EVICTIONS = metrics.EVICTIONS.labels("redis")

PUT = """
local picture, index = KEYS[1], KEYS[2]
local key, content, life, prefix, most = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('SET', picture, content, 'PX', life)
redis.call('ZREMRANGEBYSCORE', index, '-inf', now)
redis.call('ZADD', index, now + life, key)
if redis.call('PTTL', index) < life then redis.call('PEXPIRE', index, life) end
local extra = redis.call('ZCARD', index) - most
if extra > 0 then
    local popped = redis.call('ZPOPMIN', index, extra)
    for i = 1, #popped, 2 do redis.call('UNLINK', prefix .. popped[i]) end
    return extra
end
return 0
"""
"""How many pictures had to go for it. The index lives as long as the last picture on it."""

TRIM = """
local index, prefix, most = KEYS[1], ARGV[1], tonumber(ARGV[2])
local time = redis.call('TIME')
redis.call('ZREMRANGEBYSCORE', index, '-inf', time[1] * 1000 + math.floor(time[2] / 1000))
local entries, bytes, evicted = 0, 0, 0
for _, key in ipairs(redis.call('ZREVRANGE', index, 0, -1)) do
    local size = redis.pcall('STRLEN', prefix .. key)
    if type(size) == 'number' and size > 0 and bytes + size <= most then
        entries, bytes = entries + 1, bytes + size
    else
        if type(size) == 'number' and size > 0 then evicted = evicted + 1 end
        redis.call('ZREM', index, key)
        redis.call('UNLINK', prefix .. key)
    end
end
return {entries, evicted}
"""
"""How many pictures there are, and how many had to go: those that have gone are taken off, and beyond the most bytes
those go that would have expired first. Like the other one it names keys that it was not given, which a server that is
no cluster allows."""


class RedisImageCache:
    """`providers.images.cache.port.ImageCache` over a link; where that leads nowhere, over the fallback.

    The fallback is given each picture as well, so that it has something when it is needed.
    """

    def __init__(
        self,
        link: Link,
        fallback: MemoryImageCache,
        prefix: str,
        *,
        max_bytes: int = MOST_BYTES,
        max_entries: int = MOST_ENTRIES,
    ) -> None:
        """`prefix` begins every key. What is most is for each workspace; the bytes may be exceeded by a sixteenth for
        each process."""
        self._link = link
        self._fallback = fallback
        self._prefix = prefix
        self._max_bytes = max_bytes
        self._max_entries = max_entries
        self._untrimmed: Counter[str] = Counter()
        """Bytes that were put into a workspace since this process looked how many there are."""

    async def get(self, workspace: str, key: str) -> Picture | None:
        """See `ImageCache.get`."""
        found = await self._look(workspace, key)
        if found is None:
            return await self._fallback.get(workspace, key)

        _LOOKS[bool(found)].inc()

        async def count(redis: Redis) -> None:
            await _answer(redis.hincrby(self._counts(workspace), "hits" if found else "misses", 1))

        await self._link.attempt(count, None)
        return next(iter(found), None)

    async def peek(self, workspace: str, key: str) -> Picture | None:
        """See `ImageCache.peek`."""
        found = await self._look(workspace, key)
        return await self._fallback.peek(workspace, key) if found is None else next(iter(found), None)

    async def put(self, workspace: str, key: str, picture: Picture, seconds: float) -> None:
        """See `ImageCache.put`."""
        await self._fallback.put(workspace, key, picture, seconds)
        life = math.floor(seconds * 1_000)
        if life <= 0 or len(picture.content) > LARGEST:
            return
        value = packed(picture)

        async def put(redis: Redis) -> None:
            prefix = self._pictures(workspace)
            keys = [prefix + key, self._index(workspace)]
            evicted = await redis.register_script(PUT)(keys, [key, value, life, prefix, self._max_entries])
            _EVICTIONS.inc(int(evicted))
            self._untrimmed[workspace] += len(value)
            if self._untrimmed[workspace] * TRIM_SHARE > self._max_bytes:
                await self._trim(redis, workspace)

        await self._link.attempt(put, None)

    async def clear(self, workspace: str) -> int:
        """See `ImageCache.clear`. Several steps, so that many pictures do not take one long one."""
        local = await self._fallback.clear(workspace)

        async def begin(redis: Redis) -> int:
            await redis.delete(self._counts(workspace))
            return await self._trim(redis, workspace)

        async def go_on(redis: Redis) -> bool:
            popped = await _answer(redis.zpopmin(self._index(workspace), CLEAR_AT_ONCE))
            if popped:
                await redis.unlink(*(self._pictures(workspace).encode() + key for key, _ in popped))
            return bool(popped)

        entries = await self._link.attempt(begin, -1)
        if entries < 0:
            return local
        for _ in range(entries // CLEAR_AT_ONCE + 1):  # those that others put meanwhile need not end it
            if not await self._link.attempt(go_on, otherwise=False):
                break
        return entries

    async def stats(self, workspace: str) -> CacheStats:
        """See `ImageCache.stats`."""

        async def read(redis: Redis) -> CacheStats:
            counts = await _answer(redis.hmget(self._counts(workspace), ["hits", "misses"]))
            hits, misses = (int(count or 0) for count in counts)
            return CacheStats("redis", hits, misses, await self._trim(redis, workspace))

        return await self._link.attempt(read, None) or await self._fallback.stats(workspace)

    async def _look(self, workspace: str, key: str) -> Sequence[Picture] | None:
        """The picture, if there is one; None when that cannot be told."""

        async def read(redis: Redis) -> Sequence[Picture]:
            async with redis.pipeline(transaction=False) as pipe:
                pipe.get(self._pictures(workspace) + key)
                pipe.zscore(self._index(workspace), key)
                value, listed = await pipe.execute()
            picture = unpacked(value) if value is not None and listed is not None else None
            return [picture] if picture else []

        return await self._link.attempt(read, None)

    async def _trim(self, redis: Redis, workspace: str) -> int:
        keys = [self._index(workspace)]
        entries, evicted = await redis.register_script(TRIM)(keys, [self._pictures(workspace), self._max_bytes])
        _EVICTIONS.inc(int(evicted))
        del self._untrimmed[workspace]
        return int(entries)

    def _pictures(self, workspace: str) -> str:
        """What the key of each picture begins with."""
        return f"{self._prefix}:picture:{workspace}:"

    def _index(self, workspace: str) -> str:
        return f"{self._prefix}:pictures:{workspace}"

    def _counts(self, workspace: str) -> str:
        return f"{self._prefix}:picture-counts:{workspace}"


async def _answer(waiting: Any) -> Any:
    """What the server answers; the client's own types speak of its other, synchronous face as well."""
    return await waiting
