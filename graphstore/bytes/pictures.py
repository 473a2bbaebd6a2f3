"""The bytes of pictures, by workspace and digest, with the variants that are made of them."""

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

import obstore

from graphstore.bytes.failures import calling
from graphstore.bytes.paths import MARK, ORIGINAL, folder_of, is_partial, owner_of, variant_of
from graphstore.errors import InvalidError

if TYPE_CHECKING:
    from obstore import GetOptions, ObjectMeta  # there for type checkers only
    from obstore.store import ObjectStore

PING = "ping"
PING_CONTENT = bytes(1_024)
"""Enough to be refused by a full disk."""
LISTED_AT_ONCE = 1_000
TIME_LIMIT = 20.0
"""Seconds that one call may take in all, however often it is repeated within."""
REMOVAL_CALLS = 3
"""As many calls as one who marked bytes may take to remove them; after that it counts as dead."""
LOOK_EVERY = 0.05


class StoredBytes(NamedTuple):
    """What is kept of one picture."""

    workspace: str
    digest: str
    modified: datetime
    """When the newest of it was put, by the clock of the place."""


class PictureBytes:
    """Bytes of pictures. Every call has a time limit, and raises `UnavailableError` where the place is away,
    `ReadOnlyError` where it cannot be written, `InvalidError` for what is no digest.

    Bytes never change under their digest, so they may be cached, read in parts, and put by several at once.
    """

    def __init__(
        self, store: "ObjectStore", location: str, folder: Path | None = None, *, time_limit: float = TIME_LIMIT
    ) -> None:
        """`folder`: where the files are, if they are files of this machine. `time_limit`: seconds for each call."""
        self.location = location
        self._time_limit = time_limit
        self._store = store
        self._folder = folder

    async def put(self, workspace: str, digest: str, content: bytes) -> None:
        """Keep these bytes. Those that are there are put anew, so that they are as young as the call.

        When this returns they are there, whoever may be removing old ones at the same time (see `delete`): they lie
        on the disk, they were younger than what such a one may still decide to remove, and those who had decided
        before have ended.
        """
        if await asyncio.to_thread(_digest_of, content) != digest:
            raise InvalidError(f"these bytes do not have the digest {digest}")
        folder = folder_of(workspace, digest)
        await self._write(f"{folder}/{ORIGINAL}", content)
        if await self._marks(folder):
            await self._until_unmarked(folder)
        if await self.size(workspace, digest) is None:
            await self._write(f"{folder}/{ORIGINAL}", content)

    async def size(self, workspace: str, digest: str) -> int | None:
        """How many bytes there are; None: none are kept."""
        path = f"{folder_of(workspace, digest)}/{ORIGINAL}"
        async with self._calling():
            try:
                return (await obstore.head_async(self._store, path))["size"]
            except FileNotFoundError:
                return None

    async def read(self, workspace: str, digest: str, start: int = 0, end: int | None = None) -> bytes | None:
        """The bytes from `start` to before `end`, which lie within them and are not the same; None: none are kept.

        Large pictures are read in parts, one call each: nothing is held open for a slow reader.
        """
        return await self._read(f"{folder_of(workspace, digest)}/{ORIGINAL}", start, end)

    async def variant(self, workspace: str, digest: str, name: str) -> bytes | None:
        """The bytes of a variant of that name, `w256` for example."""
        return await self._read(variant_of(workspace, digest, name))

    async def put_variant(self, workspace: str, digest: str, name: str, content: bytes) -> None:
        """Keep a variant; it goes when the picture is removed."""
        await self._write(variant_of(workspace, digest, name), content)

    async def digests(self) -> AsyncGenerator[StoredBytes, None]:
        """All that is kept, of all workspaces. What is put meanwhile may be missing, and a digest may come twice."""
        current: StoredBytes | None = None
        async for found in self._listed():
            owner = owner_of(found["path"])
            if owner is None:
                continue
            workspace, digest, _ = owner
            if current is not None and current[:2] == (workspace, digest):
                current = current._replace(modified=max(current.modified, found["last_modified"]))
                continue
            if current is not None:
                yield current
            current = StoredBytes(workspace, digest, found["last_modified"])
        if current is not None:
            yield current

    async def delete(self, workspace: str, digest: str, before: datetime | None = None) -> bool:
        """Remove a picture's bytes and its variants, unless any of them was put at that time or later; whether it did.

        First a mark is left, and only then the times are read. Whoever puts the bytes looks for marks after that. So
        either the new time is seen here, or the mark is seen there and waited for.
        """
        folder = folder_of(workspace, digest)
        mark = f"{folder}/{MARK}{uuid4().hex}"
        await self._write(mark, b"")
        try:
            return await self._delete_old(folder, before)
        finally:
            await self._delete([mark])

    async def clear_partial(self, before: datetime) -> int:
        """Remove what killed processes left half-written before that time; how many files. Nobody else sees them."""
        if self._folder is None:
            return 0  # servers show and keep whole objects only
        async with self._calling(writing=True):
            return await asyncio.to_thread(_clear_partial, self._folder, before.timestamp())

    async def ping(self) -> None:
        """Raise `UnavailableError` or `ReadOnlyError` unless something can be written."""
        async with self._calling(writing=True):
            await obstore.put_async(self._store, PING, PING_CONTENT, use_multipart=False)

    def _calling(self, *, writing: bool = False) -> AbstractAsyncContextManager[None]:
        return calling(self.location, self._time_limit, writing=writing)

    async def _write(self, path: str, content: bytes) -> None:
        """Write all of it or nothing: a file is written under another name, and renamed."""
        async with self._calling(writing=True):
            await obstore.put_async(self._store, path, content, use_multipart=False)
            if self._folder is not None and content:
                await asyncio.to_thread(_settle, self._folder, path)

    async def _read(self, path: str, start: int = 0, end: int | None = None) -> bytes | None:
        options: GetOptions = {"range": {"offset": start} if end is None else (start, end)} if start or end else {}
        async with self._calling():
            try:
                result = await obstore.get_async(self._store, path, options=options)
            except FileNotFoundError:
                return None
            return bytes(await result.bytes_async())

    async def _listed(self, prefix: str | None = None) -> AsyncGenerator["ObjectMeta", None]:
        chunks = aiter(obstore.list(self._store, prefix, chunk_size=LISTED_AT_ONCE))
        while True:
            async with self._calling():
                chunk: Sequence[ObjectMeta] | None = await anext(chunks, None)
            if chunk is None:
                return
            for found in chunk:
                yield found

    async def _within(self, folder: str) -> list["ObjectMeta"]:
        return [found async for found in self._listed(folder)]

    async def _marks(self, folder: str) -> list[str]:
        return [one["path"] for one in await self._within(folder) if _is_mark(one, folder)]

    async def _until_unmarked(self, folder: str) -> None:
        """Wait until those who were about to remove these bytes have done so, or not. The mark of a dead one goes."""
        try:
            async with asyncio.timeout(REMOVAL_CALLS * self._time_limit):
                while await self._marks(folder):  # noqa: ASYNC110 - who removes them may be another process
                    await asyncio.sleep(LOOK_EVERY)
        except TimeoutError:
            await self._delete(await self._marks(folder))

    async def _delete_old(self, folder: str, before: datetime | None) -> bool:
        found = await self._within(folder)
        marks = [one for one in found if _is_mark(one, folder)]
        kept = [one for one in found if one not in marks]
        if not kept or (before and any(one["last_modified"] >= before for one in kept)):
            return False
        left = [one for one in marks if before and one["last_modified"] < before]  # by those who were killed meanwhile
        await self._delete([one["path"] for one in (*kept, *left)])
        return True

    async def _delete(self, paths: Sequence[str]) -> None:
        for path in paths:
            async with self._calling(writing=True):
                with suppress(FileNotFoundError):  # somebody else was faster
                    await obstore.delete_async(self._store, path)


def _digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _is_mark(found: "ObjectMeta", folder: str) -> bool:
    return found["path"].startswith(f"{folder}/{MARK}")


def _settle(folder: Path, path: str) -> None:
    """Have the file and its place on the disk, so that a record that names it may be committed."""
    file = folder / path
    with suppress(FileNotFoundError):  # it is being removed: whoever put it looks whether it is there
        for one in (file, file.parent, file.parent.parent, folder):
            opened = os.open(one, os.O_RDONLY)
            try:
                os.fsync(opened)
            finally:
                os.close(opened)


def _clear_partial(folder: Path, before: float) -> int:
    cleared = 0
    for file in folder.rglob("*#*"):
        with suppress(FileNotFoundError):  # its writer has finished
            if is_partial(file.name) and file.stat().st_mtime < before:
                file.unlink()
                cleared += 1
    return cleared
