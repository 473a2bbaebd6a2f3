"""While processes are replaced one by one, two programs work on one store: each on what the other has made of it."""

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import aiohttp
import neo4j as driver
import pytest

from continuum.settings import Settings
from continuum.stores import opened_store
from graphstore.migration import numbered
from graphstore.neo4j import schema as neo4j_schema
from graphstore.sqlite import schema as sqlite_schema
from tests.support import services
from tests.support.api import PROMISED, Api, explored
from tests.support.older import VERSION, Older, older_program
from tests.support.processes import ServerProcess, server
from tests.support.services import Neo4j

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]

ADD = """mutation Add($name: String!) { addKnowledge(input: {
  concepts: [{name: $name, kind: "note"}, {name: "note", kind: "class"}]
  relations: [{source: $name, type: "IS_A", target: "note"}] }) { concepts { id } } }"""
READ = """query Read($name: String!) { concept(name: $name) { name kind
  relations(first: 5) { edges { node { type target { name } } } } } }"""
LONG = """mutation { startExploration(input: {
  topic: "music", depth: 6, breadth: 50, budget: {concepts: 1000, seconds: 600}
}) { exploration { id } } }"""
FINISHED = {"COMPLETED", "BUDGET_REACHED"}


@dataclass(frozen=True, slots=True)
class Ground:
    """A store that several programs work on."""

    data_dir: Path
    settings: dict[str, Any]
    widen: Callable[[], None]
    """Does to it what a newer program's migration will do that serves this one."""

    @asynccontextmanager
    async def served(self, **settings: Any) -> AsyncIterator[tuple[ServerProcess, Api]]:
        """A server of today's program, or of another by its settings, on this store."""
        async with AsyncExitStack() as stack:
            running = await stack.enter_async_context(
                server(self.data_dir, lease_seconds=1, drain_seconds=0, **self.settings, **settings)
            )
            session = await stack.enter_async_context(aiohttp.ClientSession(running.address))
            yield running, Api(session)

    async def problems(self) -> object:
        """What is unsound in it."""
        async with opened_store(Settings(data_dir=self.data_dir, **self.settings)) as database:
            return await database.operations.verify()


@pytest.fixture(params=["sqlite", pytest.param("neo4j", marks=services.NEO4J)])
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ground]:
    """An empty store of each kind."""
    data_dir = tmp_path / "data"
    if request.param == "sqlite":
        yield Ground(data_dir, {}, lambda: _widen_sqlite(data_dir / "continuum.sqlite3"))
        return
    here: Neo4j = request.getfixturevalue("neo4j")
    with _widened_neo4j(here) as widen:
        yield Ground(data_dir, here.settings, widen)


def _widen_sqlite(path: Path) -> None:
    shipped = [migration.script for migration in sqlite_schema.migrations()]
    further = f"-- serves: {len(shipped)}\nALTER TABLE exploration ADD COLUMN made_up_by_a_test TEXT;\n"
    connection = sqlite3.connect(path, isolation_level=None, timeout=10)
    try:
        sqlite_schema.migrate(connection, path, numbered([*shipped, further]))
    finally:
        connection.close()


@contextmanager
def _widened_neo4j(here: Neo4j) -> Iterator[Callable[[], None]]:
    """The schema outlives a test's data, so it is narrowed again at the end."""
    newest = len(neo4j_schema.migrations())
    with driver.GraphDatabase.driver(here.uri, auth=here.auth, telemetry_disabled=True) as server_of_it:

        def run(statement: LiteralString) -> None:
            server_of_it.execute_query(statement, newest=newest, database_=here.database)

        try:
            yield lambda: run("CREATE (:Migration {version: $newest + 1, serves: $newest})")
        finally:
            run("MATCH (m:Migration) WHERE m.version > $newest DELETE m")


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Older:
    """The program of before."""
    return older_program(tmp_path_factory.mktemp("older"))


@asynccontextmanager
async def served_by(older: Older, ground: Ground) -> AsyncIterator[tuple[ServerProcess, Api]]:
    """A server of the older program; skips where it cannot run, but only if it was made for other packages."""
    async with AsyncExitStack() as stack:
        try:
            running, api = await stack.enter_async_context(ground.served(**older.settings))
        except (AssertionError, TimeoutError):
            if older.has_other_packages:
                pytest.skip(f"the program of {older.commit} does not start with the packages of today's lock")
            raise
        assert (await api.data("{ server { version } }"))["server"]["version"] == VERSION
        yield running, api


async def works(api: Api, name: str, topic: str) -> str:
    """Add a concept, read it, explore; the exploration's id."""
    await api.data(ADD, name=name)
    await reads(api, name)
    id = await explored(api, topic)
    assert await history(api, id)
    return id


async def reads(api: Api, name: str) -> None:
    """The concept is there, with its relation."""
    concept = (await api.data(READ, name=name))["concept"]
    relation = {"type": "IS_A", "target": {"name": "note"}}
    assert (concept["kind"], concept["relations"]["edges"]) == ("note", [{"node": relation}])


async def history(api: Api, id: str) -> list[dict[str, Any]]:
    """All events of an exploration, followed to its end; it ended well, and none is missing."""
    async with api.socket() as socket:
        events = [result["data"]["explorationEvents"] async for result in socket.results(PROMISED["Watch"], id=id)]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[-1]["status"] in FINISHED
    return events


async def test_the_older_program_works_on_todays_store(ground: Ground, older: Older) -> None:
    """On a store that today's program has migrated and filled, and beside it: each queries, changes and explores, and
    reads what the other wrote; what the older one leaves unfinished, today's ends."""
    async with ground.served() as (_, today):
        by_today = await works(today, "from today", "photosynthesis")
        async with served_by(older, ground) as (before_process, before):
            assert (await before_process.ready())[0] == 200
            await reads(before, "from today")
            expected = await history(today, by_today)
            assert await history(before, by_today) == expected
            by_before = await works(before, "from before", "painting")
            await reads(today, "from before")
            assert await history(today, by_before) == await history(before, by_before)
            await works(today, "from today again", "democracy")
            await reads(before, "from today again")
            handed_over = (await before.data(LONG))["startExploration"]["exploration"]["id"]
            assert await before_process.terminate() == 0
            left = (await today.data(PROMISED["Doing"], id=handed_over))["exploration"]["status"]
            assert left in {"QUEUED", "RUNNING"}
        assert await history(today, handed_over)
    assert not await ground.problems()


async def test_todays_program_works_on_a_store_that_was_widened(ground: Ground) -> None:
    """A further migration that serves today's program changes nothing for a process that runs, nor for one that starts
    then, nor for a command."""
    async with ground.served() as (_, running):
        first = await works(running, "before it", "photosynthesis")
        ground.widen()
        second = await works(running, "after it", "painting")
        async with ground.served() as (process, started):
            assert (await process.ready())[0] == 200
            for name in ("before it", "after it"):
                await reads(started, name)
            for id in (first, second):
                assert await history(started, id) == await history(running, id)
            await works(started, "by another", "democracy")
            await reads(running, "by another")
    assert not await ground.problems()
