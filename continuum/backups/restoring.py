"""Restoring a backup: all of it is fetched and compared with its manifest before anything is written."""

import io
import os
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from continuum.backups.errors import BackupError
from continuum.backups.manifest import ID, Content, Manifest
from continuum.backups.parts import fetched, listed_digests
from continuum.backups.place import BackupPlace, Shelf
from continuum.backups.taking import Show
from graphstore.bytes import PictureBytes, copy_pictures
from graphstore.formats import Report, decompressed, import_from
from graphstore.port import Database

_NAME = "graph.zst"


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of one workspace."""

    workspace: str
    report: Report
    pictures: int
    """Pictures that were put back; others were there."""
    missing: int
    """Pictures that can be had from nowhere."""


@dataclass(frozen=True, slots=True)
class _Fetched:
    content: Content
    into: str
    graph: "_Section"
    digests: Collection[str]


class _Section(io.RawIOBase):
    """A part of a file. All graphs lie in one: there may be more workspaces than a process may have files open."""

    def __init__(self, file: int, start: int, end: int) -> None:
        self._file = file
        self._at = start
        self._end = end

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as possible."""
        piece = os.pread(self._file, min(len(buffer), self._end - self._at), self._at)
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


def chosen(shelf: Shelf, at: str | None, workspaces: Collection[str]) -> Manifest:
    """The newest backup that holds these workspaces, or, if none are named, all that there were; else the one that
    `at` begins. Raises `BackupError`."""
    if at is not None:
        return _begun(shelf, at)
    for one in shelf.finished:
        held = {content.workspace for content in one.contents}
        if one.scope is None if not workspaces else held.issuperset(workspaces):
            return one
    of = f" of {', '.join(sorted(workspaces)) or 'all workspaces'}" if shelf.finished else ""
    raise BackupError(f"there is no backup{of} in {shelf.location}{_told(shelf)}")


def _begun(shelf: Shelf, at: str) -> Manifest:
    found = [one for one in shelf.finished if one.id.startswith(at)]
    if len(found) == 1:
        return found[0]
    if found:
        raise BackupError(f"{len(found)} backups begin with {at!r}: {', '.join(one.id for one in found)}")
    if ID.fullmatch(at) and at in shelf.unfinished:
        raise BackupError(f"the backup {at} was never finished, or is being taken just now")
    raise BackupError(f"there is no backup in {shelf.location} that begins with {at[:80]!r}{_told(shelf)}")


def _told(shelf: Shelf) -> str:
    return "".join(f"; {error}" for error in shelf.damaged)


class Restoring:
    """One backup that is restored."""

    def __init__(
        self,
        database: Database,
        pictures: PictureBytes,
        place: BackupPlace,
        manifest: Manifest,
        show: Show = lambda _: None,
    ) -> None:
        """`pictures`: those of the store."""
        self._database = database
        self._pictures = pictures
        self._place = place
        self._manifest = manifest
        self._show = show
        self.begun = False
        """Whether something may have been written."""

    async def run(
        self, targets: Mapping[str, str], folder: Path | None = None, *, onto_existing: bool = False
    ) -> Sequence[Restored]:
        """Restore these workspaces, each into the one that it is mapped to, by way of an unnamed file in the folder:
        nothing is left of it, however this process ends.

        Raises `BackupError` for a backup that is damaged and, unless `onto_existing`, for workspaces that hold
        something; then nothing was written.
        """
        contents = self._contents(targets)
        if not onto_existing:
            await self._check_empty(targets.values())
        async with self._all_fetched(contents, targets, folder) as all_fetched:
            self.begun = True
            return [await self._restore(one) for one in all_fetched]

    def _contents(self, targets: Mapping[str, str]) -> Sequence[Content]:
        held = {content.workspace: content for content in self._manifest.contents}
        for name in targets:
            if name not in held:
                raise BackupError(
                    f"the backup {self._manifest.id} has no workspace {name!r}; it has: {', '.join(held)}"
                )
        return [held[name] for name in targets]

    async def _check_empty(self, targets: Collection[str]) -> None:
        if full := sorted(set(targets).intersection(await self._database.operations.workspaces())):
            raise BackupError(
                f"the store holds something already in: {', '.join(full)}. Restore into an empty store, or say "
                "--onto-existing: it stores what the backup holds over what is there, and is how a restore that was "
                "interrupted is completed"
            )

    @asynccontextmanager
    async def _all_fetched(
        self, contents: Sequence[Content], targets: Mapping[str, str], folder: Path | None
    ) -> AsyncIterator[Sequence[_Fetched]]:
        with ExitStack() as stack:
            try:
                file = stack.enter_context(TemporaryFile(dir=folder))
                found = [await self._fetch(content, targets[content.workspace], file) for content in contents]
                file.flush()
            except OSError as error:
                raise BackupError(f"{folder} cannot take the backup's files: {error.strerror}") from error
            yield found

    async def _fetch(self, content: Content, into: str, file: IO[bytes]) -> _Fetched:
        objects, id = self._place.objects, self._manifest.id
        self._show(f"{content.workspace}: reading")
        start = file.tell()
        await fetched(objects, id, content.graph, file)
        graph = _Section(file.fileno(), start, file.tell())
        return _Fetched(content, into, graph, await listed_digests(objects, id, content.digests))

    async def _restore(self, one: _Fetched) -> Restored:
        """Bytes come before the records that show them. Whoever collects bytes that nobody shows may have met old ones
        of them meanwhile, so they are looked for once more when the records are there."""
        store = self._database.within(one.into)
        put, _ = await self._put_back(one)
        graph = decompressed(io.BufferedReader(one.graph), _NAME)
        report = await import_from(graph, store, None, lambda done: self._tell(one.into, done))
        again, missing = await self._put_back(one)
        return Restored(one.into, report, put + again, missing + one.content.missing)

    def _tell(self, workspace: str, report: Report) -> None:
        self._show(f"{workspace}: {report.stored.total():,} records")

    async def _put_back(self, one: _Fetched) -> tuple[int, int]:
        """How many pictures were put where they belong, and how many are nowhere."""
        if not one.digests:
            return 0, 0
        there = {found.digest async for found in self._pictures.digests(one.into) if found.size}
        lacking = sorted(set(one.digests) - there)
        copied = await copy_pictures(
            lacking,
            (self._place.pictures, one.content.workspace),
            (self._pictures, one.into),
            lambda done: self._show(f"{one.into}: {done:,} of {len(lacking):,} pictures"),
        )
        return len(copied), len(lacking) - len(copied)
