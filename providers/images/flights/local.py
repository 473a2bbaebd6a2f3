"""Flights of this process: locks of the event loop."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class LocalFlights:
    """`providers.images.flights.port.Flights` within one process."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}
        self._users: Counter[str] = Counter()
        """How many hold a lock or wait for it; one that nobody uses is forgotten."""

    @asynccontextmanager
    async def exclusive(self, key: str) -> AsyncIterator[None]:
        """See `Flights.exclusive`."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        self._users[key] += 1
        try:
            async with lock:
                yield
        finally:
            self._users[key] -= 1
            if not self._users[key]:
                del self._users[key], self._locks[key]
