"""Feed between processes, by Redis pub/sub: a channel for each exploration."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from exploration.redis.link import RedisLink
from graphstore.port import ExplorationRef


class RedisFeed:
    """`exploration.feed.port.Feed` over a link, which does the work beside its callers."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    async def announce(self, ref: ExplorationRef, seq: int) -> None:
        """See `Feed.announce`."""
        self._link.post(self._channel(ref), str(seq))

    @contextmanager
    def listen(self, ref: ExplorationRef, wake: Callable[[int | None], None]) -> Iterator[None]:
        """See `Feed.listen`."""

        def heard(message: str | None) -> None:
            wake(_number(message))

        with self._link.listen(self._channel(ref), heard):
            yield

    def _channel(self, ref: ExplorationRef) -> str:
        return self._link.key("feed", *ref)


def _number(message: str | None) -> int | None:
    """What is no number was said by no announcement; like a gap, it is a reason to look."""
    try:
        return None if message is None else int(message)
    except ValueError:
        return None
