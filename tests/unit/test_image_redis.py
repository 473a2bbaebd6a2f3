"""Pictures in Redis: what others leave there or take away harms nobody, and neither does a server that is away."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from exploration.redis.link import RedisLink, connected
from providers.images.cache.memory import MemoryImageCache
from providers.images.cache.packing import packed
from providers.images.cache.port import CacheStats
from providers.images.cache.redis import LARGEST, RedisImageCache
from providers.images.flights.local import LocalFlights
from providers.images.smart import SmartImageAgent
from tests.support.exploring import until
from tests.support.fake_images import PICTURE, FakeImages, wanted
from tests.support.redis_process import RedisProcess, redis_process

KEY, INDEX, COUNTS = "continuum:picture:main:a", "continuum:pictures:main", "continuum:picture-counts:main"
WAIT = 1.0
"""Seconds that a process may lose by a server that is away, whatever it does with it: half of one, and some air."""


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """The server as somebody else uses it."""
    async with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
async def link(redis_url: str) -> AsyncIterator[RedisLink]:
    """The server as the cache uses it."""
    async with connected(redis_url) as link:
        yield link


@pytest.fixture
async def cache(link: RedisLink) -> RedisImageCache:
    """The cache, one picture in it."""
    cache = RedisImageCache(link, MemoryImageCache(), "continuum")
    await cache.put("main", "a", PICTURE, 60)
    return cache


async def test_processes_share_pictures_and_counts(cache: RedisImageCache, redis_url: str) -> None:
    """What one has put, another one finds, counts and clears."""
    async with connected(redis_url) as link:
        other = RedisImageCache(link, MemoryImageCache(), "continuum")
        assert await other.get("main", "a") == PICTURE
        assert await other.get("main", "b") is None
        assert await cache.stats("main") == await other.stats("main") == CacheStats("redis", 1, 1, 1)
        assert await other.clear("main") == 1
    assert await cache.get("main", "a") is None


GARBAGE = {
    "nothing": b"",
    "a word": b"junk",
    "half a picture": packed(PICTURE)[:-1],
    "another form": b'{"provider": "fake"}\npixels',
}


@pytest.mark.parametrize("value", GARBAGE.values(), ids=GARBAGE.keys())
async def test_garbage_is_a_miss(cache: RedisImageCache, redis: Redis, value: bytes) -> None:
    """It is counted as one, and the next picture takes its place."""
    await redis.set(KEY, value)
    assert await cache.get("main", "a") is None
    assert (await cache.stats("main")).misses == 1
    await cache.put("main", "a", PICTURE, 60)
    assert await cache.get("main", "a") == PICTURE


@pytest.mark.parametrize("key", [KEY, INDEX, COUNTS])
async def test_a_key_of_another_kind_raises_nothing(cache: RedisImageCache, redis: Redis, key: str) -> None:
    """Whatever lies where something of ours should, every call ends well, and other workspaces work."""
    await redis.delete(key)
    async with redis.pipeline() as pipe:
        pipe.rpush(key, "mine")
        await pipe.execute()
    await cache.get("main", "a")
    await cache.put("main", "a", PICTURE, 60)
    await cache.stats("main")
    await cache.clear("main")
    await cache.put("other", "a", PICTURE, 60)
    assert await cache.stats("other") == CacheStats("redis", 0, 0, 1)


async def test_what_the_server_evicts_is_no_entry(cache: RedisImageCache, redis: Redis) -> None:
    """A picture that has gone is a miss, and none of those that are counted."""
    await cache.put("main", "b", PICTURE, 60)
    await redis.delete(KEY)
    assert (await cache.stats("main")).entries == 1
    assert (await cache.peek("main", "a"), await cache.peek("main", "b")) == (None, PICTURE)


async def test_an_index_that_is_evicted_takes_its_pictures_along(cache: RedisImageCache, redis: Redis) -> None:
    """What nobody could clear is not found either."""
    await redis.delete(INDEX)
    assert await cache.get("main", "a") is None
    assert (await cache.stats("main")).entries == 0


async def test_nothing_stays_for_ever_but_the_counts(cache: RedisImageCache, redis: Redis) -> None:
    """The index expires with the last of its pictures, be the last one put the shorter."""
    await cache.put("main", "a", PICTURE, 0.3)
    await cache.put("main", "b", PICTURE, 0.05)
    assert 0.05 < await redis.pttl(INDEX) / 1_000 <= 60
    await cache.clear("main")
    await cache.put("main", "a", PICTURE, 0.05)
    await cache.get("main", "a")

    async def only_counts() -> bool:
        return bool(await redis.keys() == [COUNTS.encode()])

    await until(only_counts)


async def test_a_workspace_has_so_many_bytes(link: RedisLink) -> None:
    """Beyond that the pictures go that would have expired first; other workspaces lose none."""
    cache = RedisImageCache(link, MemoryImageCache(), "continuum", max_bytes=3 * len(packed(PICTURE)))
    await cache.put("other", "a", PICTURE, 60)
    for place, key in enumerate("abcde"):
        await cache.put("main", key, PICTURE, 60 + place)
    assert [key for key in "abcde" if await cache.peek("main", key)] == ["c", "d", "e"]
    assert ((await cache.stats("main")).entries, (await cache.stats("other")).entries) == (3, 1)


async def test_a_workspace_has_so_many_pictures(link: RedisLink, redis: Redis) -> None:
    """Beyond that those go that would have expired first, and nothing of them is left."""
    cache = RedisImageCache(link, MemoryImageCache(), "continuum", max_entries=3)
    for place, key in enumerate("edcba"):
        await cache.put("main", key, PICTURE, 60 - place)
    assert sorted(await redis.keys()) == [*(f"{KEY[:-1]}{key}".encode() for key in "cde"), INDEX.encode()]


async def test_a_very_large_picture_stays_at_home(link: RedisLink, redis: Redis) -> None:
    """It is not sent, since that could take for too long."""
    cache = RedisImageCache(link, MemoryImageCache(), "continuum")
    await cache.put("main", "a", replace(PICTURE, content=bytes(LARGEST + 1)), 60)
    assert await redis.dbsize() == 0


@asynccontextmanager
async def own_server() -> AsyncIterator[tuple[RedisProcess, RedisLink]]:
    """A server of the test's own, and a link to it."""
    async with redis_process() as server, connected(server.url) as link:
        yield server, link


@pytest.mark.parametrize("trouble", ["killed", "frozen"])
@pytest.mark.system
async def test_redis_away_and_the_local_cache_serves(trouble: str) -> None:
    """What was made before and what is made meanwhile is found at once, and nothing is raised."""
    provider = FakeImages()
    async with own_server() as (server, link):
        cache = RedisImageCache(link, MemoryImageCache(), "continuum")
        agent = SmartImageAgent(provider, cache, LocalFlights(), 60)
        await agent.generate(wanted())
        await (server.kill() if trouble == "killed" else asyncio.to_thread(server.freeze))
        begun = time.monotonic()
        (before,) = await agent.generate(wanted())
        (made,) = await agent.generate(wanted(prompt="two whales"))
        (found,) = await agent.generate(wanted(prompt="two whales"))
        stats = await cache.stats("main")
        assert await cache.clear("main") == 2
        assert time.monotonic() - begun < WAIT
    assert [p.cached for p in (before, made, found)] == [True, False, True]
    assert len(provider.calls) == 2
    assert stats == CacheStats("memory", hits=2, misses=1, entries=2)


@pytest.mark.system
async def test_it_is_told_once_and_goes_on_afterwards() -> None:
    """One line when Redis goes, one when it is back, and then it is used again."""
    async with own_server() as (server, link):
        cache = RedisImageCache(link, MemoryImageCache(), "continuum")
        with capture_logs() as logs:
            await server.kill()
            for _ in range(20):
                await cache.get("main", "a")
                await cache.put("main", "a", PICTURE, 60)
            await server.start()

            async def back() -> bool:
                return (await cache.stats("main")).backend == "redis"

            await until(back)
        await cache.put("main", "a", PICTURE, 60)
        assert await cache.get("main", "a") == PICTURE
        assert await cache.stats("main") == CacheStats("redis", 1, 0, 1)
    assert [line["event"] for line in logs] == ["redis_away", "redis_back"]


@pytest.mark.system
async def test_a_full_server_refuses_and_nobody_notices() -> None:
    """What it does not take is kept at home."""
    async with own_server() as (server, link):
        cache = RedisImageCache(link, MemoryImageCache(), "continuum")
        async with server.client() as redis:
            await redis.config_set("maxmemory", "1")
        await cache.put("main", "a", PICTURE, 60)
        assert await cache.get("main", "a") is None
        await server.kill()
        assert await cache.get("main", "a") == PICTURE
