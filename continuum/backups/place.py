"""Where backups are kept: `<id>/` for each, with its manifest, and `pictures/` for the bytes that they share."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from continuum.backups.errors import BackupError
from continuum.backups.manifest import ID, Manifest, read, written
from graphstore.bytes import Objects, PictureBytes, StoredObject
from graphstore.errors import StoreError

_log = structlog.get_logger(__name__)

MANIFEST: Final = "manifest.json"
RUNNING: Final = "running"
PRUNING: Final = "pruning"
SIGN_EVERY: Final = 60.0
"""Seconds after which whoever is at work here gives a further sign of life."""
DEAD_AFTER: Final = timedelta(minutes=15)
"""Who gave no sign for so long, by the clock of the place, is not at work any more."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """What lies there: backups, and what is none."""

    location: str
    finished: tuple[Manifest, ...]
    """The newest first."""
    unfinished: tuple[str, ...]
    """Backups that are being taken, and what is left of those that were not finished."""
    damaged: tuple[BackupError, ...]
    """Why others cannot be read."""


class BackupPlace:
    """A place for backups. Calls raise `UnavailableError`, `ReadOnlyError` as those of `Objects` do."""

    def __init__(self, objects: Objects, pictures: PictureBytes, *, dead_after: timedelta = DEAD_AFTER) -> None:
        self.location = objects.location
        self.objects = objects
        self.pictures = pictures
        self.dead_after = dead_after

    async def shelf(self) -> Shelf:
        """All that lies there."""
        finished, unfinished, damaged = [], [], []
        for id in await self._ids():
            content = await self.objects.read(f"{id}/{MANIFEST}")
            try:
                if content is None:
                    unfinished.append(id)
                else:
                    finished.append(read(content, id))
            except BackupError as error:
                damaged.append(error)
        return Shelf(self.location, tuple(reversed(finished)), tuple(unfinished), tuple(damaged))

    async def finish(self, manifest: Manifest) -> None:
        """Make a backup of what was written under its id. Raises `BackupError` where somebody has cleared it away:
        they took us for dead."""
        for part in (part for content in manifest.contents for part in content.parts):
            if await self.objects.size(f"{manifest.id}/{part.name}") != part.bytes:
                raise BackupError(
                    f"{part.name} of the backup {manifest.id} is not there any more: another backup took this one, "
                    "which gave no sign for long, for dead; take it again"
                )
        await self.objects.write(f"{manifest.id}/{MANIFEST}", written(manifest))

    async def remove(self, id: str) -> None:
        """Remove a backup, or what is left of one; its manifest goes first."""
        await self.objects.delete([f"{id}/{MANIFEST}"])
        await self.objects.delete([found.path async for found in self.objects.listed(id)])

    @asynccontextmanager
    async def at_work(self, path: str) -> AsyncIterator[datetime]:
        """Leave a sign of life there and renew it, until the context ends; when it was first written, by the clock of
        the place. One that cannot be taken away is old some time, and harms nobody."""
        await self.objects.write(path, b"")
        [sign] = [one async for one in self.objects.listed(path.rpartition("/")[0]) if one.path == path]
        signs = asyncio.create_task(self._keep_signing(path), name=f"sign of life at {path}")
        try:
            yield sign.modified
        finally:
            signs.cancel()
            await asyncio.gather(signs, return_exceptions=True)
            try:
                await self.objects.delete([path])
            except StoreError as error:
                _log.warning("backup_sign_left", error=str(error))

    async def is_alive(self, folder: str, now: datetime) -> bool:
        """Whether something was written there lately, by somebody who may still be at work."""
        return any([not self.is_old(one, now) async for one in self.objects.listed(folder)])

    def is_old(self, found: StoredObject, now: datetime) -> bool:
        """Whether whoever wrote this counts as dead."""
        return found.modified < now - self.dead_after

    async def _ids(self) -> Sequence[str]:
        return [name for name in await self.objects.folders() if ID.fullmatch(name)]

    async def _keep_signing(self, path: str) -> None:
        while True:
            await asyncio.sleep(SIGN_EVERY)
            try:
                await self.objects.write(path, b"")
            except StoreError as error:  # if this lasts, the work itself will fail
                _log.warning("backup_sign_failed", error=str(error))
