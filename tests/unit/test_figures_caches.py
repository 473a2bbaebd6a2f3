"""Figures of caches: what was found, what was not, and what had to go."""

import hashlib
from pathlib import Path

import pytest

from exploration.redis.link import connected
from graphstore.bytes import Thumbnails, open_bytes
from providers.images.cache.memory import OVERHEAD, MemoryImageCache
from providers.images.cache.packing import packed
from providers.images.cache.redis import RedisImageCache
from tests.support.drawn import drawn
from tests.support.fake_images import PICTURE
from tests.support.figures import Moved

ONE = len(PICTURE.content) + OVERHEAD


async def test_the_memory_of_pictures_counts_looks_and_what_lies_there() -> None:
    """A look is a hit or a miss, one that is not counted is neither, and the gauges follow what is put and taken."""
    cache, moved = MemoryImageCache(2 * ONE), Moved()
    await cache.get("main", "a")
    await cache.put("main", "a", PICTURE, 60)
    await cache.get("main", "a")
    await cache.peek("main", "b")
    assert moved.all("cache_misses_total") == {("memory", "image"): 1}
    assert moved.all("cache_hits_total") == {("memory", "image"): 1}
    assert (moved("cache_entries", "memory"), moved("cache_size_bytes", "memory")) == (1, ONE)
    await cache.clear("main")
    assert (moved("cache_entries", "memory"), moved("cache_size_bytes", "memory")) == (0, 0)
    assert moved.all("cache_evictions_total") == {}


async def test_what_makes_room_is_evicted_and_what_has_expired_is_not() -> None:
    """Three pictures where two fit: one had to go; the ones whose time has come go by themselves."""
    now = [0.0]
    cache, moved = MemoryImageCache(2 * ONE, lambda: now[0]), Moved()
    for key in "abc":
        await cache.put("main", key, PICTURE, 60)
    assert moved.all("cache_evictions_total") == {("memory",): 1}
    now[0] = 61
    await cache.put("main", "d", PICTURE, 60)
    await cache.stats("main")
    assert moved.all("cache_evictions_total") == {("memory",): 1}
    assert (moved("cache_entries", "memory"), moved("cache_size_bytes", "memory")) == (1, ONE)


@pytest.mark.services
@pytest.mark.xdist_group("services")
async def test_the_shared_cache_is_counted_as_such(redis_url: str) -> None:
    """Looks at the server are its own, and so is what has to go there, by number and by bytes."""
    async with connected(redis_url) as link:
        few = RedisImageCache(link, MemoryImageCache(), "few", max_entries=2)
        small = RedisImageCache(link, MemoryImageCache(), "small", max_bytes=2 * len(packed(PICTURE)))
        for cache in (few, small):
            moved = Moved()
            for key in "abc":
                await cache.put("main", key, PICTURE, 60)
            await cache.get("main", "c")
            await cache.get("main", "d")
            assert (await cache.stats("main")).entries == 2
            assert moved.all("cache_hits_total") == {("redis", "image"): 1}
            assert moved.all("cache_misses_total") == {("redis", "image"): 1}
            assert moved.all("cache_evictions_total") == {("redis",): 1}


async def test_a_server_that_is_away_leaves_the_looks_to_the_memory() -> None:
    """They are counted once, for the cache that answered."""
    moved = Moved()
    async with connected("redis://127.0.0.1:1/0") as link:
        cache = RedisImageCache(link, MemoryImageCache(), "away")
        await cache.put("main", "a", PICTURE, 60)
        await cache.get("main", "a")
        await cache.get("main", "b")
    assert moved.all("cache_hits_total") == {("memory", "image"): 1}
    assert moved.all("cache_misses_total") == {("memory", "image"): 1}


async def test_a_thumbnail_is_missed_once_and_found_from_then_on(tmp_path: Path) -> None:
    """Whoever asks first has it made."""
    pictures, content = open_bytes(str(tmp_path)), drawn(600, 400)
    digest = hashlib.sha256(content).hexdigest()
    await pictures.put("main", digest, content)
    thumbnails, moved = Thumbnails(pictures), Moved()
    for _ in range(3):
        assert await thumbnails.get("main", digest, 64) is not None
    await thumbnails.close()
    assert moved.all("cache_misses_total") == {("store", "thumbnail"): 1}
    assert moved.all("cache_hits_total") == {("store", "thumbnail"): 2}
