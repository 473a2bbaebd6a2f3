"""A backup of a store in which an exploration runs, brought back into either kind of store."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from continuum.assembly import Parts, assembled
from continuum.backups import BackupPlace, Manifest, Restoring, Taking
from continuum.settings import Settings
from continuum.stores import opened_store
from exploration.request import PicturesRequest, Request
from graphstore.bytes import PictureBytes, open_bytes, open_objects
from graphstore.model import (
    ENDED,
    Budget,
    Exploration,
    ExplorationFilter,
    ExplorationStatus,
    Image,
    PageRequest,
    Record,
)
from graphstore.port import Database, Store
from tests.support.exploring import until
from tests.support.graphs import check_history, graph_by_key
from tests.support.oracle import Oracle, OracleSource, oracle
from tests.support.painting import Scribbler
from tests.support.services import NEO4J, Neo4j, Neo4jGround
from tests.support.snapshots import records

WORKSPACE = "main"
ONE = PageRequest(10)
ENOUGH = 6
"""Steps that are done when the backup begins."""


@dataclass(frozen=True)
class Kind:
    """A kind of store, in a folder of its own."""

    name: str
    request: pytest.FixtureRequest
    folder: Path

    def settings(self) -> Settings:
        """Those of a process over it; several ask for the same one."""
        values: dict[str, Any] = {"data_dir": self.folder, "lease_seconds": 0.6, "knowledge_sources": ("oracle",)}
        if self.name == "neo4j":
            server: Neo4j = self.request.getfixturevalue("neo4j")
            values |= server.settings
        return Settings(**values)


@pytest.fixture(params=["sqlite", pytest.param("neo4j", marks=NEO4J)])
def here(request: pytest.FixtureRequest, tmp_path: Path) -> Kind:
    """The store that is backed up."""
    return Kind(request.param, request, tmp_path / "here")


@pytest.fixture(params=["sqlite", pytest.param("neo4j", marks=NEO4J)])
def there(request: pytest.FixtureRequest, tmp_path: Path) -> Kind:
    """The store that gets the backup."""
    return Kind(request.param, request, tmp_path / "there")


@pytest.fixture
def place(tmp_path: Path) -> BackupPlace:
    """Where backups are kept."""
    return BackupPlace(
        open_objects(str(tmp_path / "backups"), for_what="backups"), open_bytes(str(tmp_path / "backups/pictures"))
    )


@asynccontextmanager
async def at_work(kind: Kind, source: Oracle) -> AsyncIterator[Parts]:
    """A process that explores, and takes up what nobody holds."""
    painters = {"mock": lambda: Scribbler(name="mock")}
    sources = {"oracle": lambda _store: OracleSource(source.address)}
    async with assembled(kind.settings(), sources=sources, painters=painters) as parts:
        yield parts


async def only(store: Store) -> Exploration:
    """The one exploration that there is, as it is now."""
    [item] = (await store.explorations.page(ExplorationFilter(), ONE)).items
    return item.value


async def ended(store: Store) -> Exploration:
    """The same at its end."""

    async def has_ended() -> bool:
        return (await only(store)).status in ENDED

    await until(has_ended, seconds=60, every=0.05)
    return await only(store)


class Slowly:
    """A database that is read out so slowly that others get to write between any two kinds of records."""

    def __init__(self, database: Database, pause: Callable[[], Any]) -> None:
        self._database = database
        self._pause = pause
        self.operations = database.operations

    def within(self, workspace: str) -> Any:
        store, pause = self._database.within(workspace), self._pause

        class Archive:
            async def export(self) -> AsyncIterator[Record]:
                before: type[Record] | None = None
                async for record in store.archive.export():
                    if type(record) is not before:
                        before = type(record)
                        await pause()
                    yield record

        class Slow:
            archive = Archive()

            def __getattr__(self, name: str) -> Any:
                return getattr(store, name)

        return Slow()


async def taken(parts: Parts, place: BackupPlace) -> Manifest:
    """A backup while events are committed: at least one between any two kinds of records."""
    store = parts.database.within(WORKSPACE)

    async def event() -> None:
        before = (await only(store)).next_seq

        async def is_later() -> bool:
            return (await only(store)).next_seq > before

        await until(is_later, seconds=30)

    slowly = cast("Database", Slowly(parts.database, event))
    return (await Taking(slowly, parts.pictures, place).run([WORKSPACE], None)).manifest


async def check_pictures(store: Store, pictures: PictureBytes) -> None:
    """All pictures that the records show have their bytes."""
    shown = [r.picture for r in await records(store) if isinstance(r, Image) and r.picture]
    assert shown
    for picture in shown:
        assert await pictures.size(store.workspace, picture.digest) == picture.bytes


async def test_a_backup_during_an_exploration_is_whole(
    here: Kind, there: Kind, place: BackupPlace, neo4j_or_none: Neo4jGround | None
) -> None:
    """Brought back into any kind of store nothing dangles and no number is missing; the exploration goes on by itself
    to the graph, the history and the pictures of a run that nothing disturbed."""
    async with oracle(seconds=0.05) as source:
        async with at_work(here, source) as parts:
            store = parts.database.within(WORKSPACE)
            asked = Request("topic", depth=6, breadth=5, budget=Budget(), pictures=PicturesRequest("mock", "16x16"))
            await parts.explorer.start(store, asked)

            async def far_enough() -> bool:
                return (await only(store)).progress.steps_done >= ENOUGH

            await until(far_enough, seconds=30)
            manifest = await taken(parts, place)
            assert (await only(store)).status not in ENDED
            source.seconds = 0.0
            assert (await ended(store)).status is ExplorationStatus.COMPLETED
            undisturbed = await graph_by_key(store)
        if neo4j_or_none is not None:
            neo4j_or_none.wipe()
        pictures = open_bytes(there.settings().image_location)
        async with opened_store(there.settings()) as database:
            back = database.within(WORKSPACE)
            [restored] = await Restoring(database, pictures, place, manifest).run({WORKSPACE: WORKSPACE})
            assert (restored.report.problems, restored.missing) == ([], 0)
            assert await database.operations.verify() == ()
            unfinished = await only(back)
            assert (unfinished.status, unfinished.lease) == (ExplorationStatus.QUEUED, None)
            assert unfinished.progress.steps_done >= 1
            await check_history(back, unfinished.id)
            await check_pictures(back, pictures)
            before = await records(back)
            await Restoring(database, pictures, place, manifest).run({WORKSPACE: WORKSPACE}, onto_existing=True)
            assert await records(back) == before
        async with at_work(there, source) as parts:
            back = parts.database.within(WORKSPACE)
            done = await ended(back)
            assert (done.id, done.status) == (unfinished.id, ExplorationStatus.COMPLETED)
            await check_history(back, done.id)
            assert await graph_by_key(back) == undisturbed
            assert await parts.database.operations.verify() == ()
            await check_pictures(back, pictures)


@pytest.fixture
def neo4j_or_none(here: Kind, there: Kind, request: pytest.FixtureRequest) -> Neo4jGround | None:
    """The server, where both stores are on it: the second one begins when the first one is gone."""
    if (here.name, there.name) != ("neo4j", "neo4j"):
        return None
    ground: Neo4jGround = request.getfixturevalue("neo4j_ground")
    return ground
