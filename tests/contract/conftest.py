"""The adapters that keep the contract: each test runs over all of them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from graphstore import neo4j, sqlite
from graphstore.port import Database, Store
from tests.support import services

Opener = Callable[[], Awaitable[Database]]


def sqlite_opener(request: pytest.FixtureRequest) -> Opener:
    """A database file of the test's own."""
    folder: Path = request.getfixturevalue("tmp_path")
    return lambda: sqlite.open_database(folder / "continuum.db")


def neo4j_opener(request: pytest.FixtureRequest) -> Opener:
    """The database that the tests have, wiped."""
    server: services.Neo4j = request.getfixturevalue("neo4j")
    return lambda: neo4j.open_database(server.uri, user=server.user, password=server.password, database=server.database)


ADAPTERS = (
    pytest.param(sqlite_opener, id="sqlite"),
    pytest.param(neo4j_opener, id="neo4j", marks=services.NEO4J),
)


@pytest.fixture(params=ADAPTERS)
async def opener(request: pytest.FixtureRequest) -> AsyncIterator[Opener]:
    """Opens the test's database, each time as another process would."""
    open_it: Opener = request.param(request)
    async with AsyncExitStack() as opened:

        async def open_and_remember() -> Database:
            database = await open_it()
            opened.push_async_callback(database.close)
            return database

        yield open_and_remember


@pytest.fixture
async def database(opener: Opener) -> Database:
    """An empty database."""
    return await opener()


@pytest.fixture
def store(database: Database) -> Store:
    """An empty workspace."""
    return database.within("main")


@pytest.fixture
def other(database: Database) -> Store:
    """Another empty workspace of the same database."""
    return database.within("other")
