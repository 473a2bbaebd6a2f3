"""The cache of one process."""

import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from providers.images.cache.port import CacheStats
from providers.images.port import Picture
from telemetry.metrics import cache as metrics

MIB = 1024 * 1024
OVERHEAD = 1_024
"""Bytes that an entry takes beside the picture's own, so that many small ones are bounded as well."""

_LOOKS = {True: metrics.HITS.labels("memory", "image"), False: metrics.MISSES.labels("memory", "image")}
_EVICTIONS = metrics.EVICTIONS.labels("memory")
_ENTRIES, _SIZE = metrics.ENTRIES.labels("memory"), metrics.SIZE.labels("memory")


@dataclass(frozen=True, slots=True)
class _Entry:
    picture: Picture
    until: float

    @property
    def size(self) -> int:
        return len(self.picture.content) + OVERHEAD


class MemoryImageCache:
    """`providers.images.cache.port.ImageCache` in memory of bounded size: what was not used for longest goes first."""

    def __init__(self, max_bytes: int = 64 * MIB, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: seconds, from any beginning."""
        self._max_bytes = max_bytes
        self._clock = clock
        self._entries: OrderedDict[tuple[str, str], _Entry] = OrderedDict()
        self._bytes = 0
        self._counts: Counter[tuple[str, bool]] = Counter()
        """By workspace, and whether it was a hit."""

    async def get(self, workspace: str, key: str) -> Picture | None:
        """See `ImageCache.get`."""
        found = await self.peek(workspace, key)
        self._counts[workspace, found is not None] += 1
        _LOOKS[found is not None].inc()
        return found

    async def peek(self, workspace: str, key: str) -> Picture | None:
        """See `ImageCache.peek`."""
        entry = self._entries.get((workspace, key))
        if entry is None:
            return None
        if entry.until <= self._clock():
            self._remove((workspace, key))
            return None
        self._entries.move_to_end((workspace, key))
        return entry.picture

    async def put(self, workspace: str, key: str, picture: Picture, seconds: float) -> None:
        """See `ImageCache.put`. A picture that would fill the cache alone is not kept."""
        self._remove((workspace, key))
        entry = _Entry(picture, self._clock() + seconds)
        if seconds <= 0 or entry.size > self._max_bytes:
            return
        self._entries[workspace, key] = entry
        self._bytes += entry.size
        _ENTRIES.inc()
        _SIZE.inc(entry.size)
        if self._bytes > self._max_bytes:
            self._expire()
        while self._bytes > self._max_bytes:
            self._remove(next(iter(self._entries)))
            _EVICTIONS.inc()

    async def clear(self, workspace: str) -> int:
        """See `ImageCache.clear`."""
        self._expire()
        own = [place for place in self._entries if place[0] == workspace]
        for place in own:
            self._remove(place)
        for hit in (True, False):
            del self._counts[workspace, hit]
        return len(own)

    async def stats(self, workspace: str) -> CacheStats:
        """See `ImageCache.stats`."""
        self._expire()
        entries = sum(place[0] == workspace for place in self._entries)
        return CacheStats("memory", self._counts[workspace, True], self._counts[workspace, False], entries)

    def _expire(self) -> None:
        now = self._clock()
        for place in [place for place, entry in self._entries.items() if entry.until <= now]:
            self._remove(place)

    def _remove(self, place: tuple[str, str]) -> None:
        if (entry := self._entries.pop(place, None)) is not None:
            self._bytes -= entry.size
            _ENTRIES.dec()
            _SIZE.dec(entry.size)
