"""The cache of one process: bounded in bytes and in time."""

from dataclasses import dataclass, replace

import pytest

from providers.images.cache.memory import OVERHEAD, MemoryImageCache
from tests.support.fake_images import PICTURE

ONE = len(PICTURE.content) + OVERHEAD
"""Bytes that one picture takes."""


@dataclass
class Clock:
    """Stands still unless it is told."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


async def kept(cache: MemoryImageCache) -> str:
    """The keys of one letter that are there."""
    return "".join([key for key in "abcdef" if await cache.peek("main", key)])


async def test_least_recently_used_goes_first() -> None:
    """When there is no room left, what was not looked at for longest is forgotten."""
    cache = MemoryImageCache(3 * ONE)
    for key in "abc":
        await cache.put("main", key, PICTURE, 60)
    await cache.get("main", "a")
    await cache.put("main", "d", PICTURE, 60)
    assert await kept(cache) == "acd"
    await cache.peek("main", "a")
    await cache.put("main", "e", PICTURE, 60)
    assert await kept(cache) == "ade"


async def test_what_has_expired_makes_room_first() -> None:
    """Nothing that still counts goes while something lies there that does not."""
    clock = Clock()
    cache = MemoryImageCache(3 * ONE, clock)
    await cache.put("main", "a", PICTURE, 60)
    await cache.put("main", "b", PICTURE, 60)
    await cache.put("main", "c", PICTURE, 1)
    clock.now = 2
    await cache.put("main", "d", PICTURE, 60)
    assert await kept(cache) == "abd"


async def test_a_picture_expires() -> None:
    """It is there until its time has come, and a miss from then on."""
    clock = Clock()
    cache = MemoryImageCache(clock=clock)
    await cache.put("main", "a", PICTURE, 10)
    clock.now = 9.9
    assert await cache.get("main", "a") == PICTURE
    clock.now = 10
    assert (await cache.stats("main")).entries == 0
    assert await cache.get("main", "a") is None


@pytest.mark.parametrize("seconds", [0, -1])
async def test_what_lasts_no_time_is_not_kept(seconds: float) -> None:
    """Nor is what it was to replace."""
    cache = MemoryImageCache()
    await cache.put("main", "a", PICTURE, 60)
    await cache.put("main", "a", PICTURE, seconds)
    assert await kept(cache) == ""


async def test_what_is_larger_than_the_cache_is_not_kept() -> None:
    """The others stay."""
    cache = MemoryImageCache(2 * ONE)
    await cache.put("main", "a", PICTURE, 60)
    await cache.put("main", "b", replace(PICTURE, content=bytes(2 * ONE)), 60)
    assert await kept(cache) == "a"


async def test_replaced_and_cleared_pictures_take_no_room() -> None:
    """The books are right after everything that can be done."""
    clock = Clock()
    cache = MemoryImageCache(2 * ONE, clock)
    for _ in range(9):
        await cache.put("main", "a", PICTURE, 60)
    await cache.clear("main")
    await cache.put("main", "b", PICTURE, 1)
    clock.now = 2
    await cache.peek("main", "b")
    await cache.put("main", "c", PICTURE, 60)
    await cache.put("main", "d", PICTURE, 60)
    assert await kept(cache) == "cd"
