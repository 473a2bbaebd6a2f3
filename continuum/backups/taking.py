"""Taking a backup: of each workspace all records, and of what pictures they show the bytes."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from continuum.backups.errors import BackupError
from continuum.backups.manifest import FORMAT, Content, Manifest, new_id
from continuum.backups.parts import PartsWriter
from continuum.backups.place import PRUNING, RUNNING, BackupPlace
from continuum.version import VERSION
from graphstore.bytes import PictureBytes, copy_pictures, workspace_folder
from graphstore.errors import StoreError
from graphstore.formats import exported, kind_of
from graphstore.model import Image, Record
from graphstore.port import Database, Store

_EVERY: Final = 1_000

Show = Callable[[str], None]
"""Is told now and then what is being done."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of it."""

    manifest: Manifest
    copied: int
    """Pictures whose bytes were not there before."""


@dataclass(slots=True)
class _Seen:
    """Of the records of one workspace, while they are written."""

    total: int = 0
    records: Counter[str] = field(default_factory=Counter)
    digests: set[str] = field(default_factory=set)

    def add(self, record: Record) -> None:
        self.total += 1
        self.records[kind_of(record)] += 1
        if isinstance(record, Image) and record.picture:
            self.digests.add(record.picture.digest)


async def chosen(database: Database, scope: Sequence[str] | None) -> Sequence[str]:
    """The workspaces to back up: those that were asked for, else all. Raises `BackupError` for one that holds
    nothing."""
    there = await database.operations.workspaces()
    for name in scope or ():
        if name not in there:
            raise BackupError(f"the store holds nothing in a workspace {name!r}; it has: {', '.join(there) or 'none'}")
    return there if scope is None else tuple(dict.fromkeys(scope))


class Taking:
    """One backup that is taken."""

    def __init__(
        self, database: Database, pictures: PictureBytes, place: BackupPlace, show: Show = lambda _: None
    ) -> None:
        """`pictures`: those of the store."""
        self._database = database
        self._pictures = pictures
        self._place = place
        self._show = show
        self._began = datetime.now(UTC)
        self.id = new_id(self._began)
        self._there: set[tuple[str, str]] = set()
        self._copied = 0

    async def run(self, workspaces: Sequence[str], scope: Sequence[str] | None) -> Taken:
        """Take it. Raises `BackupError`, and what the store and both places raise; then nothing of it stays, unless
        the place does not let itself be tidied either: the next backup does that."""
        async with self._place.at_work(f"{self.id}/{RUNNING}") as now:
            try:
                # Whoever removes pictures just now may have looked before we came: then ours are put anew.
                if not await self._place.is_alive(PRUNING, now):
                    self._there = {
                        (one.workspace, one.digest) async for one in self._place.pictures.digests() if one.size
                    }
                contents = [await self._content(self._database.within(name)) for name in workspaces]
                manifest = await self._manifest(contents, scope)
                await self._place.finish(manifest)
            except (StoreError, BackupError):
                with suppress(StoreError):
                    await self._place.remove(self.id)
                raise
        return Taken(manifest, self._copied)

    async def _manifest(self, contents: Sequence[Content], scope: Sequence[str] | None) -> Manifest:
        status = await self._database.operations.status()
        return Manifest(
            format=FORMAT,
            id=self.id,
            version=VERSION,
            schema=status.schema_version,
            store=status.adapter,
            began=self._began,
            ended=datetime.now(UTC),
            scope=None if scope is None else tuple(scope),
            contents=tuple(contents),
        )

    async def _content(self, store: Store) -> Content:
        name = workspace_folder(store.workspace)
        seen = _Seen()
        writer = PartsWriter(self._place.objects, self.id, name, ".jsonl.zst")
        async with aclosing(exported(store, seen.add)) as lines:
            async for line in lines:
                await writer.write(line)
                if not seen.total % _EVERY:
                    self._show(f"{store.workspace}: {seen.total:,} records")
        graph = await writer.close()
        kept = await self._kept(store.workspace, sorted(seen.digests))
        digests = PartsWriter(self._place.objects, self.id, name, ".digests.zst")
        for digest in kept:
            await digests.write(f"{digest}\n".encode())
        return Content(
            workspace=store.workspace,
            records=dict(seen.records),
            graph=graph,
            pictures=len(seen.digests),
            missing=len(seen.digests) - len(kept),
            digests=await digests.close(),
        )

    async def _kept(self, workspace: str, digests: Sequence[str]) -> Sequence[str]:
        """Have the bytes of these pictures there; the digests of those that could be had. One that was deleted since
        its record was read has none any more, nor has one that somebody lost."""
        lacking = [digest for digest in digests if (workspace, digest) not in self._there]
        copied = await copy_pictures(
            lacking,
            (self._pictures, workspace),
            (self._place.pictures, workspace),
            lambda done: self._show(f"{workspace}: {done:,} of {len(lacking):,} pictures"),
        )
        self._copied += len(copied)
        lost = set(lacking).difference(copied)
        return [digest for digest in digests if digest not in lost]
