"""Telling how far pictures are, no more often than somebody wants to hear of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from exploration.tasks import cancel
from providers.images.port import Told

PAUSE = 0.5
"""Seconds between two reports."""


@asynccontextmanager
async def telling(report: Callable[[float | None], Awaitable[None]]) -> AsyncIterator[Told]:
    """Report at once that nothing is known yet, then the newest share that was told, while the context is open.

    `report` never raises.
    """
    shares = _Shares()
    await report(None)
    task = asyncio.create_task(shares.pass_on(report), name="picture progress")
    try:
        yield shares.told
    finally:
        await cancel(task)


class _Shares:
    def __init__(self) -> None:
        self._newest = 0.0
        self._news = asyncio.Event()

    def told(self, share: float) -> None:
        """See `providers.images.port.Told`. Providers may have odd ideas of a share."""
        share = min(max(share, 0.0), 1.0)
        if share > self._newest:
            self._newest = share
            self._news.set()

    async def pass_on(self, report: Callable[[float | None], Awaitable[None]]) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            await report(self._newest)
            await asyncio.sleep(PAUSE)
