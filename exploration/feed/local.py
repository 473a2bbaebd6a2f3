"""Feed within this process."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from graphstore.port import ExplorationRef


class LocalFeed:
    """`exploration.feed.port.Feed` by direct calls."""

    def __init__(self) -> None:
        self._listeners: defaultdict[ExplorationRef, list[Callable[[int | None], None]]] = defaultdict(list)

    async def announce(self, ref: ExplorationRef, seq: int) -> None:
        """See `Feed.announce`."""
        for wake in tuple(self._listeners.get(ref, ())):
            wake(seq)

    @contextmanager
    def listen(self, ref: ExplorationRef, wake: Callable[[int | None], None]) -> Iterator[None]:
        """See `Feed.listen`."""
        self._listeners[ref].append(wake)
        try:
            yield
        finally:
            self._listeners[ref].remove(wake)
            if not self._listeners[ref]:
                del self._listeners[ref]
