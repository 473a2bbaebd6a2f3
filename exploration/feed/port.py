"""Feed: who hears that an exploration has a new event. It carries wake-ups; the store holds the events."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from graphstore.port import ExplorationRef


class Feed(Protocol):
    """Wake-ups between those who write events and those who watch."""

    async def announce(self, ref: ExplorationRef, seq: int) -> None:
        """Tell every process that watches that the event with this number is committed.

        Never raises, and may be lost: watchers look by themselves now and then.
        """
        ...

    def listen(self, ref: ExplorationRef, wake: Callable[[int | None], None]) -> AbstractContextManager[None]:
        """Call `wake` with the number, on the event loop, at each announcement while the context is open.

        With None when announcements may have been missed: the store should be looked at.
        """
        ...
