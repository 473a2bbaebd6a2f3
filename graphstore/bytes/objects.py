"""Objects by their paths: the few calls on a folder or a bucket that the rest is made of."""

import asyncio
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import obstore

from graphstore.bytes.failures import calling
from graphstore.bytes.paths import is_partial

if TYPE_CHECKING:
    from obstore import GetOptions, ListResult, ObjectMeta  # there for type checkers only
    from obstore.store import ObjectStore

LISTED_AT_ONCE = 1_000
TIME_LIMIT = 20.0
"""Seconds that one call may take in all, however often it is repeated within."""


class StoredObject(NamedTuple):
    """What is told of an object."""

    path: str
    size: int
    modified: datetime
    """When it was written, by the clock of the place."""


class Objects:
    """A folder or a bucket. Every call has a time limit, and raises `UnavailableError` where the place is away,
    `ReadOnlyError` where it cannot be written. Paths are relative, with `/` between their parts."""

    def __init__(
        self, store: "ObjectStore", location: str, folder: Path | None = None, *, time_limit: float = TIME_LIMIT
    ) -> None:
        """`folder`: where the files are, if they are files of this machine. `time_limit`: seconds for each call."""
        self.location = location
        self.folder = folder
        self.time_limit = time_limit
        self._store = store

    async def write(self, path: str, content: bytes, *, lasting: bool = True) -> None:
        """Write all of it or nothing, under another name and renamed if it is a file; where it is to last and is not
        empty, it lies on the disk when this returns."""
        async with self._calling(writing=True):
            await obstore.put_async(self._store, path, content, use_multipart=False)
            if self.folder is not None and content and lasting:
                await asyncio.to_thread(_settle, self.folder, path)

    async def size(self, path: str) -> int | None:
        """How many bytes it has; None: it is not there."""
        async with self._calling():
            try:
                return (await obstore.head_async(self._store, path))["size"]
            except FileNotFoundError:
                return None

    async def read(self, path: str, start: int = 0, end: int | None = None) -> bytes | None:
        """The bytes from `start` to before `end`, which lie within it and are not the same; None: it is not there."""
        options: GetOptions = {"range": {"offset": start} if end is None else (start, end)} if start or end else {}
        async with self._calling():
            try:
                result = await obstore.get_async(self._store, path, options=options)
            except FileNotFoundError:
                return None
            return bytes(await result.bytes_async())

    async def listed(self, prefix: str | None = None) -> AsyncGenerator[StoredObject, None]:
        """All that is there, or below a folder. What is written meanwhile may be missing."""
        chunks = aiter(obstore.list(self._store, prefix, chunk_size=LISTED_AT_ONCE))
        while True:
            async with self._calling():
                chunk: Sequence[ObjectMeta] | None = await anext(chunks, None)
            if chunk is None:
                return
            for found in chunk:
                yield StoredObject(found["path"], found["size"], found["last_modified"])

    async def folders(self) -> Sequence[str]:
        """The names of the uppermost folders, in their order."""
        async with self._calling():
            found: ListResult[Sequence[ObjectMeta]] = await obstore.list_with_delimiter_async(self._store)
        return sorted(found["common_prefixes"])

    async def delete(self, paths: Sequence[str]) -> None:
        """Remove those that are there."""
        for path in paths:
            async with self._calling(writing=True):
                with suppress(FileNotFoundError):  # somebody else was faster
                    await obstore.delete_async(self._store, path)

    async def clear_partial(self, before: datetime) -> int:
        """Remove what killed processes left half-written before that time; how many files. Nobody else sees them."""
        if self.folder is None:
            return 0  # servers show and keep whole objects only
        async with self._calling(writing=True):
            return await asyncio.to_thread(_clear_partial, self.folder, before.timestamp())

    def _calling(self, *, writing: bool = False) -> AbstractAsyncContextManager[None]:
        return calling(self.location, self.time_limit, writing=writing)


def _settle(folder: Path, path: str) -> None:
    """Have the file and its place on the disk, so that a record that names it may be committed."""
    file = folder / path
    with suppress(FileNotFoundError):  # it is being removed: whoever put it looks whether it is there
        for one in (file, *(folder / above for above in Path(path).parents)):
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
