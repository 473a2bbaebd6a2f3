"""Write transactions."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeVar

import pytest

from graphstore.changes import StoreCuration
from graphstore.errors import ConflictError
from graphstore.model import Concept
from graphstore.sqlite import SqliteDatabase, open_database
from graphstore.sqlite.transaction import SqliteTransact
from graphstore.transaction import Procedure, Transaction
from tests.support.claims import added, claim, known, says
from tests.support.figures import Moved
from tests.support.snapshots import records

T = TypeVar("T")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    """An empty file."""
    database = await open_database(tmp_path / "graph.db")
    yield database
    await database.close()


async def test_a_transaction_sees_its_own_writes_and_others_do_not(database: SqliteDatabase) -> None:
    """Until it is committed."""
    store, transact = database.within("main"), SqliteTransact("main", database.writer)
    await added(store, "a", "b")

    async def procedure(tx: Transaction) -> frozenset[str]:
        [a] = await tx.concepts_named(["a"])
        [b] = await tx.concepts_named(["b"])
        await tx.delete_concepts([b.id])
        assert await tx.concepts([a.id, b.id]) == {a.id: a}
        return frozenset({a.id, b.id})

    ids = await transact(procedure)
    assert len(await store.concepts.get(list(ids))) == 1


async def test_a_transaction_that_fails_writes_nothing(database: SqliteDatabase) -> None:
    """Whatever it raises reaches the caller, and the next one begins afresh."""
    store, transact = database.within("main"), SqliteTransact("main", database.writer)
    await added(store, "a")
    before = await records(store)

    async def procedure(tx: Transaction) -> None:
        [a] = await tx.concepts_named(["a"])
        await tx.delete_concepts([a.id])
        raise KeyError(a.name)

    with pytest.raises(KeyError):
        await transact(procedure)
    assert await records(store) == before
    await added(store, "b")


async def test_a_procedure_may_wait_for_nothing_but_its_statements(database: SqliteDatabase) -> None:
    """It would hold the write lock meanwhile: refused, and rolled back."""
    store, transact = database.within("main"), SqliteTransact("main", database.writer)
    await added(store, "a")
    before = await records(store)

    async def procedure(tx: Transaction) -> None:
        [a] = await tx.concepts_named(["a"])
        await tx.delete_concepts([a.id])
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="waited"):
        await transact(procedure)
    assert await records(store) == before


async def test_what_must_be_unique_is_a_conflict(database: SqliteDatabase) -> None:
    """The file itself keeps two concepts from one name and sense."""
    store, transact = database.within("main"), SqliteTransact("main", database.writer)
    await added(store, claim("a", kind="x"), claim("a", ref="2", kind="y"))

    async def procedure(tx: Transaction) -> None:
        one, other = await tx.concepts_named(["a"])
        values = {name: getattr(one, name) for name in Concept.__slots__} | {"id": other.id}
        await tx.put_concepts([Concept(**values)])

    with pytest.raises(ConflictError):
        await transact(procedure)


async def test_what_was_not_committed_is_not_counted(database: SqliteDatabase) -> None:
    """Relations that come to contradict each other count once it is certain that they are stored."""
    store, transact = database.within("main"), SqliteTransact("main", database.writer)

    async def failing(procedure: Procedure[T]) -> T:
        async def fails_at_last(tx: Transaction) -> T:
            await procedure(tx)
            raise ConflictError("too late")

        return await transact(fails_at_last)

    await added(store, "Rain", "Flood", relations=(says("Rain", "CAUSES", "Flood"),))
    opposite = known("Rain", "Flood", relations=(says("Rain", "PREVENTS", "Flood"),))
    moved = Moved()
    with pytest.raises(ConflictError):
        await StoreCuration(failing).add(opposite)
    assert moved.all("contradictions_total") == {}
    await StoreCuration(transact).add(opposite)
    assert moved.all("contradictions_total") == {(): 2}
