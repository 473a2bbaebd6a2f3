"""How late the event loop is: what keeps it busy keeps everybody waiting."""

import asyncio
from collections import deque
from math import inf

EVERY = 0.25
"""Seconds between two looks."""
REMEMBERED = 20.0
"""Seconds: longer than a Prometheus takes from one scrape to the next, so that it misses nothing."""


class Lag:
    """Sleeps for a moment, again and again, and notes how late it wakes."""

    def __init__(self, every: float = EVERY, remembered: float = REMEMBERED) -> None:
        self._every = every
        self._late = deque([0.0], maxlen=round(remembered / every))
        self._due = inf

    def worst(self) -> float:
        """Seconds that somebody who had nothing else to wait for has had to wait lately, at most."""
        return max(*self._late, asyncio.get_running_loop().time() - self._due)

    async def watch(self) -> None:
        """Look on until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self._due = loop.time() + self._every
            await asyncio.sleep(self._every)
            self._late.append(max(0.0, loop.time() - self._due))
