"""The collection: bytes of pictures that no image shows any more are removed.

Many images may show the same bytes, and nobody counts them; so bytes are removed by looking, and not when an image
is deleted. Why none are lost that somebody still needs is told in docs/decisions/0010.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import structlog

from graphstore.bytes import PictureBytes
from graphstore.errors import StoreError
from graphstore.port import Database

_log = structlog.get_logger(__name__)

EVERY = 3_600.0
"""Seconds between two looks."""
FIRST_AFTER = 600.0
"""Seconds before the first look: who restores a copy of everything may start this before all records are back."""
GRACE = 3_600.0
"""Seconds for which bytes are left alone after they were put: their record may not be committed yet."""
AT_ONCE = 500


def _now() -> datetime:
    return datetime.now(UTC)


class Collection:
    """Looks every hour, until it is cancelled. Several at a time do no harm."""

    def __init__(
        self,
        database: Database,
        pictures: PictureBytes,
        *,
        grace: float = GRACE,
        every: float = EVERY,
        first_after: float = FIRST_AFTER,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._database = database
        self._pictures = pictures
        self._grace = timedelta(seconds=grace)
        self._every = every
        self._first_after = first_after
        self._now = now

    async def run(self) -> None:
        """Collect for ever. A store that is away, of records or of bytes, is waited for."""
        await asyncio.sleep(self._first_after)
        while True:
            try:
                await self.once()
            except StoreError as error:
                _log.warning("collection_failed", error=str(error))
            await asyncio.sleep(self._every)

    async def once(self) -> int:
        """One look at everything; how many pictures' bytes were removed. Raises `StoreError`."""
        before = self._now() - self._grace
        removed = 0
        async with aclosing(self._old(before)) as batches:
            async for workspace, digests in batches:
                removed += await self._collect(workspace, digests, before)
        partial = await self._pictures.clear_partial(before)
        if removed or partial:
            _log.info("pictures_removed", pictures=removed, partial=partial)
        return removed

    async def _old(self, before: datetime) -> AsyncGenerator[tuple[str, Sequence[str]], None]:
        """What was put before that time, in batches of one workspace."""
        workspace, digests = "", list[str]()
        async with aclosing(self._pictures.digests()) as kept:
            async for one in kept:
                if one.modified >= before:
                    continue
                if digests and (one.workspace != workspace or len(digests) == AT_ONCE):
                    yield workspace, digests
                    digests = []
                workspace = one.workspace
                digests.append(one.digest)
        if digests:
            yield workspace, digests

    async def _collect(self, workspace: str, digests: Sequence[str], before: datetime) -> int:
        shown = await self._database.within(workspace).images.shown(digests)
        unshown = [digest for digest in dict.fromkeys(digests) if digest not in shown]
        return sum([await self._pictures.delete(workspace, digest, before) for digest in unshown])
