"""What every cache of pictures promises."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from exploration.redis.link import connected
from providers.images.cache.memory import MemoryImageCache
from providers.images.cache.port import CacheStats, ImageCache
from providers.images.cache.redis import RedisImageCache
from tests.support import services
from tests.support.exploring import until
from tests.support.fake_images import PICTURE

OTHER = replace(PICTURE, content=b"\x00\xff\n{}\n" * 100_000, seed=-3, model="«\ud800»", cost_usd=0.1)


@pytest.fixture(params=["memory", pytest.param("redis", marks=services.REDIS)])
async def cache(request: pytest.FixtureRequest) -> AsyncIterator[ImageCache]:
    """One of the adapters."""
    if request.param == "memory":
        yield MemoryImageCache()
        return
    async with connected(request.getfixturevalue("redis_url")) as link:
        yield RedisImageCache(link, MemoryImageCache(), "continuum")


async def counts(cache: ImageCache, workspace: str = "main") -> tuple[int, int, int]:
    """Hits, misses and entries."""
    stats = await cache.stats(workspace)
    return stats.hits, stats.misses, stats.entries


async def test_a_picture_comes_back_as_it_was(cache: ImageCache) -> None:
    """Every byte, and all that it says of itself."""
    await cache.put("main", "a", PICTURE, 60)
    await cache.put("main", "b", OTHER, 60)
    assert (await cache.get("main", "a"), await cache.get("main", "b")) == (PICTURE, OTHER)


async def test_looking_is_counted_and_peeking_is_not(cache: ImageCache) -> None:
    """Hits and misses of `get`, and how many pictures there are."""
    assert await counts(cache) == (0, 0, 0)
    assert await cache.get("main", "a") is None
    await cache.put("main", "a", PICTURE, 60)
    assert await cache.peek("main", "a") == PICTURE
    assert await cache.peek("main", "b") is None
    for _ in range(3):
        await cache.get("main", "a")
    assert await counts(cache) == (3, 1, 1)
    assert (await cache.stats("main")).hit_rate == 0.75


async def test_nothing_was_looked_for(cache: ImageCache) -> None:
    """Then the hit rate is zero, and no division by it."""
    assert (await cache.stats("main")).hit_rate == 0.0


async def test_the_latest_picture_counts(cache: ImageCache) -> None:
    """One that is put under the same key takes the other's place."""
    await cache.put("main", "a", PICTURE, 60)
    await cache.put("main", "a", OTHER, 60)
    assert await cache.get("main", "a") == OTHER
    assert await counts(cache) == (1, 0, 1)


async def test_a_picture_expires(cache: ImageCache) -> None:
    """After its time it is a miss and no entry any more; the others stay."""
    await cache.put("main", "short", PICTURE, 0.05)
    await cache.put("main", "long", PICTURE, 60)

    async def one_is_left() -> bool:
        return await counts(cache) == (0, 0, 1)

    await until(one_is_left, 5)
    assert await cache.get("main", "short") is None
    assert await cache.get("main", "long") == PICTURE


async def test_a_picture_lives_as_long_as_it_was_put_last(cache: ImageCache) -> None:
    """A longer life takes the place of a shorter one."""
    await cache.put("main", "a", PICTURE, 0.05)
    await cache.put("main", "a", PICTURE, 60)
    await cache.put("main", "short", PICTURE, 0.1)

    async def short_is_gone() -> bool:
        return await cache.peek("main", "short") is None

    await until(short_is_gone, 5)
    assert await cache.peek("main", "a") == PICTURE


@pytest.mark.parametrize("seconds", [0, -1, 0.0001])
async def test_no_time_is_not_kept(cache: ImageCache, seconds: float) -> None:
    """A picture that is to be kept for no time is not."""
    await cache.put("main", "a", PICTURE, seconds)

    async def gone() -> bool:
        return await cache.peek("main", "a") is None

    await until(gone, 5)
    assert (await counts(cache))[2] == 0


async def test_clearing_forgets_pictures_and_counts(cache: ImageCache) -> None:
    """It says how many pictures it forgot, and clearing nothing is fine."""
    assert await cache.clear("main") == 0
    await cache.put("main", "a", PICTURE, 60)
    await cache.put("main", "b", OTHER, 60)
    await cache.get("main", "a")
    await cache.get("main", "c")
    assert await cache.clear("main") == 2
    assert await counts(cache) == (0, 0, 0)
    assert (await cache.peek("main", "a"), await cache.peek("main", "b")) == (None, None)
    await cache.put("main", "a", PICTURE, 60)
    assert await cache.get("main", "a") == PICTURE
    assert await counts(cache) == (1, 0, 1)


async def test_workspaces_do_not_see_each_other(cache: ImageCache) -> None:
    """The same key elsewhere is another picture, counted and cleared by itself."""
    await cache.put("main", "a", PICTURE, 60)
    await cache.put("other", "a", OTHER, 60)
    assert (await cache.get("main", "a"), await cache.get("other", "a")) == (PICTURE, OTHER)
    assert await cache.get("third", "a") is None
    assert await cache.clear("main") == 1
    assert await cache.get("other", "a") == OTHER
    assert await counts(cache, "other") == (2, 0, 1)


async def test_many_are_cleared(cache: ImageCache) -> None:
    """More than go into one step."""
    for number in range(1_201):
        await cache.put("main", str(number), PICTURE, 60)
    assert (await counts(cache))[2] == 1_201
    assert await cache.clear("main") == 1_201
    assert await counts(cache) == (0, 0, 0)


async def test_the_backend_is_told(cache: ImageCache) -> None:
    """Whoever looks at the counts knows whose they are."""
    backend = "memory" if isinstance(cache, MemoryImageCache) else "redis"
    assert await cache.stats("main") == CacheStats(backend, 0, 0, 0)
