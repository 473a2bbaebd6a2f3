"""Lanes: time limits, and who waits for whom."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from graphstore.errors import TimeLimitError, UnavailableError
from graphstore.model import Concept
from graphstore.sqlite import SqliteDatabase, open_database
from tests.support.claims import added

ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    """A file whose reads may take 0.1 s."""
    database = await open_database(tmp_path / "graph.db", read_time_limit=0.1)
    yield database
    await database.close()


def endless(db: sqlite3.Connection) -> list[Any]:
    """A read without end."""
    return db.execute(ENDLESS).fetchall()


async def test_a_read_is_stopped_at_its_time_limit(database: SqliteDatabase) -> None:
    """The error tells the limit, and the lane goes on with the next read."""
    store = database.within("main")
    ids = await added(store, "a")
    slow = asyncio.ensure_future(database.reader.read(endless))
    found = await store.concepts.get(list(ids.values()))
    with pytest.raises(TimeLimitError, match=r"0\.1 s"):
        await slow
    assert set(found) == set(ids.values())


async def test_walks_and_exports_do_not_keep_requests_waiting(database: SqliteDatabase) -> None:
    """They have a lane of their own."""
    store = database.within("main")
    ids = await added(store, "a")
    slow = asyncio.ensure_future(database.slow.read(endless))
    await store.concepts.get(list(ids.values()))
    assert not slow.done()
    with pytest.raises(TimeLimitError):
        await slow


async def test_an_export_as_a_whole_has_no_time_limit(database: SqliteDatabase) -> None:
    """Only each batch has, so that a slow reader of it is never cut off."""
    store = database.within("main")
    await added(store, *(f"c{i}" for i in range(600)))
    async with aclosing(store.archive.export()) as export:  # type: ignore[type-var]
        await anext(export)
        await asyncio.sleep(0.15)
        assert len([record async for record in export if isinstance(record, Concept)]) == 599


async def test_an_export_that_is_under_way_when_the_database_closes_ends(database: SqliteDatabase) -> None:
    """It is told, and holds on to nothing."""
    store = database.within("main")
    await added(store, *(f"c{i}" for i in range(600)))
    async with aclosing(store.archive.export()) as export:  # type: ignore[type-var]
        await anext(export)
        await database.close()
        with pytest.raises(UnavailableError):
            assert [record async for record in export]
    assert not database.path.with_name("graph.db-wal").exists()


async def test_closing_waits_for_what_was_begun(database: SqliteDatabase) -> None:
    """Reads and writes that were asked for before have their answers."""
    store = database.within("main")
    asked = [asyncio.ensure_future(added(store, f"c{i}")) for i in range(5)]
    slow = asyncio.ensure_future(database.reader.read(endless))
    await asyncio.sleep(0)
    await database.close()
    await database.close()
    assert [len(ids) for ids in await asyncio.gather(*asked)] == [1] * 5
    with pytest.raises(TimeLimitError):
        await slow
