"""The sweep: unfinished work that nobody holds is given to a worker, and what is past its time is trimmed."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import structlog

from exploration.dispatch.port import EXPLORATION, IMAGES, Dispatch, Job
from graphstore.errors import StoreError
from graphstore.port import Operations

_log = structlog.get_logger(__name__)

AT_ONCE = 100
TRIM_EVERY = 3_600.0
"""Seconds between trimmings."""


class Sweep:
    """Looks at once and then every so many seconds, until it is cancelled."""

    def __init__(self, operations: Operations, dispatch: Dispatch, *, every: float, retention_days: int) -> None:
        self._operations = operations
        self._dispatch = dispatch
        self._every = every
        self._retention = timedelta(days=retention_days)
        self._trimmed = -TRIM_EVERY

    async def run(self) -> None:
        """Sweep for ever. A store that is away is waited for."""
        while True:
            try:
                await self.once()
            except StoreError as error:
                _log.warning("sweep_failed", error=str(error))
            await asyncio.sleep(self._every)

    async def once(self) -> None:
        """One sweep."""
        for workspace, id in await self._operations.unowned(AT_ONCE):
            await self._dispatch.enqueue(Job(workspace, EXPLORATION, id))
        for workspace, job in await self._operations.unowned_images(AT_ONCE):
            await self._dispatch.enqueue(Job(workspace, IMAGES, job))
        if time.monotonic() - self._trimmed >= TRIM_EVERY:
            self._trimmed = time.monotonic()
            trimmed = await self._operations.trim(datetime.now(UTC) - self._retention)
            if trimmed:
                _log.info("events_trimmed", events=trimmed)
