"""The adapters that keep the contract: each test runs over all of them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from graphstore import sqlite
from graphstore.port import Database, Store

Opener = Callable[[], Awaitable[Database]]


async def open_sqlite(folder: Path) -> Database:
    """A database file of the test's own."""
    return await sqlite.open_database(folder / "continuum.db")


ADAPTERS = {"sqlite": open_sqlite}


@pytest.fixture(params=ADAPTERS)
async def opener(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Opener]:
    """Opens the test's database, each time as another process would."""
    async with AsyncExitStack() as opened:

        async def open_it() -> Database:
            database = await ADAPTERS[request.param](tmp_path)
            opened.push_async_callback(database.close)
            return database

        yield open_it


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
