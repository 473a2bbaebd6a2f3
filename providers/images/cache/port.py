"""Where pictures are kept for a while, so that an equal request need not be made again."""

from dataclasses import dataclass
from typing import Protocol

from providers.images.port import Picture


@dataclass(frozen=True, slots=True)
class CacheStats:
    """What came of looking for pictures, since the cache was last cleared."""

    backend: str
    """`memory` or `redis`."""
    hits: int
    misses: int
    entries: int

    @property
    def hit_rate(self) -> float:
        """The share of hits, 0 when nothing was looked for."""
        looked = self.hits + self.misses
        return self.hits / looked if looked else 0.0


class ImageCache(Protocol):
    """Pictures by key. It may forget any of them at any time, and never raises for a server that is away."""

    async def get(self, workspace: str, key: str) -> Picture | None:
        """The picture under this key, counted as a hit, or None, counted as a miss."""
        ...

    async def peek(self, workspace: str, key: str) -> Picture | None:
        """The same, not counted."""
        ...

    async def put(self, workspace: str, key: str, picture: Picture, seconds: float) -> None:
        """Keep it for that long at most."""
        ...

    async def clear(self, workspace: str) -> int:
        """Forget all pictures and counts of a workspace; how many pictures."""
        ...

    async def stats(self, workspace: str) -> CacheStats:
        """What came of it so far."""
        ...
