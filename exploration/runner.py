"""The runner: explorations are claimed, worked on, and handed back or ended."""

import asyncio
from contextlib import suppress

import structlog

from exploration.dispatch.port import EXPLORATION, Job
from exploration.ownership import Ownership
from exploration.tools import Tools
from graphstore.errors import LeaseLost, StoreError
from graphstore.ids import new_id
from graphstore.model import Exploration, ExplorationStatus
from graphstore.port import Store
from telemetry.metrics.work import LEASES_LOST

_log = structlog.get_logger(__name__)


class Runner:
    """Runs explorations until they end, are paused or handed back."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._stopping = False

    def stop(self) -> None:
        """From now on begin no step: running ones are finished, then the lease is handed back."""
        self._stopping = True

    async def run(self, job: Job, wake: asyncio.Event) -> None:
        """Claim the exploration and work on it; returns at once when it cannot be claimed."""
        token = new_id()
        store = self._tools.database.within(job.workspace)
        if self._stopping:
            return
        exploration = await store.work.claim(job.id, token, self._tools.pace.lease)
        if exploration is not None:
            _log.info("exploration_claimed", exploration=exploration.id)
            await self._tools.feed.announce((job.workspace, job.id), exploration.next_seq - 1)
            await self.own(exploration, store, token, wake)

    async def own(self, exploration: Exploration, store: Store, token: str, wake: asyncio.Event) -> None:
        """Work under a lease that is held already, and hand it back in the end."""
        ownership = Ownership(self._tools, store, exploration, token, wake, stopping=lambda: self._stopping)
        try:
            await ownership.work()
        except LeaseLost:
            _log.info("lease_lost", exploration=exploration.id)
            await _count_lost(exploration, store)
        finally:
            await store.work.release(exploration.id, token)


async def _count_lost(exploration: Exploration, store: Store) -> None:
    """Count a lease that was lost to another owner. What was cancelled or deleted meanwhile is nobody's."""
    with suppress(StoreError):  # to be counted is no reason to fail
        now = (await store.explorations.get([exploration.id])).get(exploration.id)
        if now is not None and now.status is not ExplorationStatus.CANCELLED:
            LEASES_LOST.labels(EXPLORATION).inc()
