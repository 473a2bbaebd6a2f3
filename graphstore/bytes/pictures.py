"""The bytes of pictures, by workspace and digest, with the variants that are made of them."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from datetime import datetime
from typing import NamedTuple
from uuid import uuid4

from graphstore.bytes.objects import Objects, StoredObject
from graphstore.bytes.paths import MARK, ORIGINAL, folder_of, owner_of, variant_of, workspace_folder
from graphstore.errors import InvalidError

PING = "ping"
PING_CONTENT = bytes(1_024)
"""Enough to be refused by a full disk."""
REMOVAL_CALLS = 3
"""As many calls as one who marked bytes may take to remove them; after that it counts as dead."""
LOOK_EVERY = 0.05


class StoredBytes(NamedTuple):
    """What is kept of one picture."""

    workspace: str
    digest: str
    modified: datetime
    """When the newest of it was put, by the clock of the place."""
    size: int
    """Bytes of the picture itself; 0: it is not there, or was lost with the machine that wrote it. Variants of it, or
    the mark of one who was killed while it removed them, may be left of it."""


class PictureBytes:
    """Bytes of pictures. Every call has a time limit, and raises `UnavailableError` where the place is away,
    `ReadOnlyError` where it cannot be written, `InvalidError` for what is no digest.

    Bytes never change under their digest, so they may be cached, read in parts, and put by several at once.
    """

    def __init__(self, objects: Objects) -> None:
        self.location = objects.location
        self._objects = objects

    async def put(self, workspace: str, digest: str, content: bytes) -> None:
        """Keep these bytes. Those that are there are put anew, so that they are as young as the call.

        When this returns they are there, whoever may be removing old ones at the same time (see `delete`): they lie
        on the disk, they were younger than what such a one may still decide to remove, and those who had decided
        before have ended.
        """
        if await asyncio.to_thread(_digest_of, content) != digest:
            raise InvalidError(f"these bytes do not have the digest {digest}")
        folder = folder_of(workspace, digest)
        await self._objects.write(f"{folder}/{ORIGINAL}", content)
        if await self._marks(folder):
            await self._until_unmarked(folder)
        if await self.size(workspace, digest) is None:
            await self._objects.write(f"{folder}/{ORIGINAL}", content)

    async def size(self, workspace: str, digest: str) -> int | None:
        """How many bytes there are; None: none are kept."""
        return await self._objects.size(f"{folder_of(workspace, digest)}/{ORIGINAL}")

    async def read(self, workspace: str, digest: str, start: int = 0, end: int | None = None) -> bytes | None:
        """The bytes from `start` to before `end`, which lie within them and are not the same; None: none are kept.

        Large pictures are read in parts, one call each: nothing is held open for a slow reader.
        """
        return await self._objects.read(f"{folder_of(workspace, digest)}/{ORIGINAL}", start, end)

    async def variant(self, workspace: str, digest: str, name: str) -> bytes | None:
        """The bytes of a variant of that name, `w256` for example."""
        return await self._objects.read(variant_of(workspace, digest, name))

    async def put_variant(self, workspace: str, digest: str, name: str, content: bytes) -> None:
        """Keep a variant; it goes when the picture is removed."""
        await self._objects.write(variant_of(workspace, digest, name), content)

    async def digests(self, of: str | None = None) -> AsyncGenerator[StoredBytes, None]:
        """All that is kept, of all workspaces or of one. What is put meanwhile may be missing, and a digest may come
        twice."""
        current: StoredBytes | None = None
        async for found in self._objects.listed(None if of is None else workspace_folder(of)):
            owner = owner_of(found.path)
            if owner is None:
                continue
            workspace, digest, name = owner
            size = found.size if name == ORIGINAL else 0
            if current is not None and current[:2] == (workspace, digest):
                newest = max(current.modified, found.modified)
                current = current._replace(modified=newest, size=current.size + size)
                continue
            if current is not None:
                yield current
            current = StoredBytes(workspace, digest, found.modified, size)
        if current is not None:
            yield current

    async def delete(self, workspace: str, digest: str, before: datetime | None = None) -> bool:
        """Remove a picture's bytes and its variants, unless any of them was put at that time or later; whether it did.

        First a mark is left, and only then the times are read. Whoever puts the bytes looks for marks after that. So
        either the new time is seen here, or the mark is seen there and waited for.
        """
        folder = folder_of(workspace, digest)
        mark = f"{folder}/{MARK}{uuid4().hex}"
        await self._objects.write(mark, b"")
        try:
            return await self._delete_old(folder, before)
        finally:
            await self._objects.delete([mark])

    async def clear_partial(self, before: datetime) -> int:
        """Remove what killed processes left half-written before that time; how many files. Nobody else sees them."""
        return await self._objects.clear_partial(before)

    async def ping(self) -> None:
        """Raise `UnavailableError` or `ReadOnlyError` unless something can be written."""
        await self._objects.write(PING, PING_CONTENT, lasting=False)

    async def _within(self, folder: str) -> list[StoredObject]:
        return [found async for found in self._objects.listed(folder)]

    async def _marks(self, folder: str) -> list[str]:
        return [one.path for one in await self._within(folder) if _is_mark(one, folder)]

    async def _until_unmarked(self, folder: str) -> None:
        """Wait until those who were about to remove these bytes have done so, or not. The mark of a dead one goes."""
        try:
            async with asyncio.timeout(REMOVAL_CALLS * self._objects.time_limit):
                while await self._marks(folder):  # noqa: ASYNC110 - who removes them may be another process
                    await asyncio.sleep(LOOK_EVERY)
        except TimeoutError:
            await self._objects.delete(await self._marks(folder))

    async def _delete_old(self, folder: str, before: datetime | None) -> bool:
        found = await self._within(folder)
        marks = [one for one in found if _is_mark(one, folder)]
        kept = [one for one in found if one not in marks]
        if not kept or (before and any(one.modified >= before for one in kept)):
            return False
        left = [one for one in marks if before and one.modified < before]  # by those who were killed meanwhile
        await self._objects.delete([one.path for one in (*kept, *left)])
        return True


def _digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _is_mark(found: StoredObject, folder: str) -> bool:
    return found.path.startswith(f"{folder}/{MARK}")
