"""Transactions that meet in a Neo4j database."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from random import Random
from urllib.parse import urlsplit

import neo4j as driver
import pytest

from graphstore.errors import NotFoundError, UnavailableError
from graphstore.model import ExplorationStatus
from graphstore.neo4j.connection import Connection
from graphstore.neo4j.database import Neo4jDatabase
from graphstore.neo4j.transaction import Neo4jTransact
from graphstore.port import Store
from graphstore.transaction import Transaction
from tests.support.claims import added, asked, draft
from tests.support.proxy import proxied
from tests.support.services import Neo4j


@pytest.fixture
async def connection(neo4j: Neo4j) -> AsyncIterator[Connection]:
    """The database, with its schema."""
    real = driver.AsyncGraphDatabase.driver(neo4j.uri, auth=neo4j.auth)
    opened = Connection(real, neo4j.database, neo4j.uri, 5.0)
    await Neo4jDatabase(opened).operations.migrate()
    yield opened
    await opened.close()


@pytest.fixture
def store(connection: Connection) -> Store:
    """An empty workspace."""
    return Neo4jDatabase(connection).within("main")


@pytest.fixture
def transact(connection: Connection) -> Neo4jTransact:
    """Runs procedures in that workspace."""
    return Neo4jTransact("main", connection)


async def test_who_waits_for_a_lock_sees_what_its_holder_stored(store: Store, transact: Neo4jTransact) -> None:
    """It is read after the lock is taken, not before."""
    id = (await store.control.start(draft())).id
    held, waited_for = asyncio.Event(), asyncio.Event()

    async def first(tx: Transaction) -> None:
        exploration = (await tx.lock([id]))[id]
        held.set()
        await waited_for.wait()
        await tx.put_exploration(replace(exploration, reason="first", next_seq=77))

    async def second(tx: Transaction) -> tuple[str | None, int]:
        exploration = (await tx.lock([id]))[id]
        return exploration.reason, exploration.next_seq

    holder = asyncio.ensure_future(transact(first))
    await held.wait()
    waiting = asyncio.ensure_future(transact(second))
    done, _ = await asyncio.wait([waiting], timeout=0.3)
    assert not done
    waited_for.set()
    await holder
    assert await waiting == ("first", 77)


async def test_no_count_is_lost(store: Store, transact: Neo4jTransact) -> None:
    """Transactions that lock several explorations, in whatever order they name them, count one after the other."""
    ids = [(await store.control.start(draft(f"topic {i}"))).id for i in range(4)]
    chance = Random(7)

    async def count(tx: Transaction, some: list[str]) -> None:
        for exploration in (await tx.lock(some)).values():
            await tx.put_exploration(replace(exploration, next_seq=exploration.next_seq + 1))

    asked = [chance.sample(ids, 3) for _ in range(20)]
    await asyncio.gather(*(transact(partial(count, some=some)) for some in asked))
    counted = await store.explorations.get(ids)
    assert {id: e.next_seq - 2 for id, e in counted.items()} == {id: sum(id in some for some in asked) for id in ids}


async def test_what_is_deleted_while_one_waits_for_it_is_not_there(store: Store, transact: Neo4jTransact) -> None:
    """It is not found, rather than found without its values."""
    id = (await store.control.start(draft())).id
    await store.control.cancel(id, "enough")
    held, waited_for = asyncio.Event(), asyncio.Event()

    async def delete(tx: Transaction) -> None:
        await tx.lock([id])
        held.set()
        await waited_for.wait()
        await tx.delete_exploration(id)

    holder = asyncio.ensure_future(transact(delete))
    await held.wait()
    waiting = asyncio.ensure_future(store.control.retry_failed(id))
    done, _ = await asyncio.wait([waiting], timeout=0.3)
    assert not done
    waited_for.set()
    await holder
    with pytest.raises(NotFoundError):
        await waiting


async def test_what_the_maker_of_an_image_tells_is_not_lost_in_a_merge(store: Store, transact: Neo4jTransact) -> None:
    """Who moves images waits for those who hold them, and reads them after that."""
    ids = await added(store, "a", "b")
    [image] = await asked(store, ids["a"])
    held, waited_for = asyncio.Event(), asyncio.Event()

    async def claim(tx: Transaction) -> None:
        [mine] = await tx.lock_job(image.job)
        held.set()
        await waited_for.wait()
        await tx.put_images([replace(mine, attempts=7)])

    holder = asyncio.ensure_future(transact(claim))
    await held.wait()
    merging = asyncio.ensure_future(store.curation.merge(ids["b"], [ids["a"]]))
    done, _ = await asyncio.wait([merging], timeout=0.3)
    assert not done
    waited_for.set()
    await holder
    await merging
    [merged] = (await store.images.get([image.id])).values()
    assert (merged.concept, merged.made_for, merged.attempts) == (ids["b"], ids["a"], 7)


async def test_an_image_that_is_deleted_while_one_waits_for_it_is_not_there(
    store: Store, transact: Neo4jTransact
) -> None:
    """Its maker gets none, and does not put it back."""
    [image] = await asked(store, (await added(store, "a"))["a"])
    held, waited_for = asyncio.Event(), asyncio.Event()

    async def delete(tx: Transaction) -> None:
        await tx.lock_graph()
        await tx.images_on([image.concept])
        held.set()
        await waited_for.wait()
        await tx.delete_images([image.id])

    holder = asyncio.ensure_future(transact(delete))
    await held.wait()
    waiting = asyncio.ensure_future(store.image_jobs.claim(image.job, "maker", 60))
    done, _ = await asyncio.wait([waiting], timeout=0.3)
    assert not done
    waited_for.set()
    await holder
    assert not await waiting
    assert await store.images.get([image.id]) == {}


async def test_of_many_who_claim_a_job_one_gets_it(store: Store) -> None:
    """All its images, and one attempt is counted."""
    images = await asked(store, (await added(store, "a"))["a"], 4)
    claims = await asyncio.gather(*(store.image_jobs.claim(images[0].job, f"maker {i}", 60) for i in range(12)))
    assert sorted(map(len, claims)) == [*[0] * 11, 4]
    assert {image.attempts for image in (await store.images.get([i.id for i in images])).values()} == {1}


async def test_who_waits_too_long_for_a_lock_may_try_again(
    store: Store, transact: Neo4jTransact, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server ends the one that waits. That is no defect of ours, and later the same succeeds."""
    id = (await store.control.start(draft())).id
    held, waited_for = asyncio.Event(), asyncio.Event()

    async def hold(tx: Transaction) -> None:
        await tx.lock([id])
        held.set()
        await waited_for.wait()

    holder = asyncio.ensure_future(transact(hold))
    await held.wait()
    monkeypatch.setattr("graphstore.neo4j.connection.WRITE_TIME_LIMIT", 0.5)
    with pytest.raises(UnavailableError):
        await store.control.pause(id)
    waited_for.set()
    await holder
    assert (await store.control.pause(id)).status is ExplorationStatus.PAUSED


async def test_silence_is_no_long_query(neo4j: Neo4j) -> None:
    """Who asks for less at a time gets no answer either: the server cannot be reached."""
    address = urlsplit(neo4j.uri)
    async with proxied(address.hostname or "", address.port or 7687) as network:
        uri = "bolt://{}:{}".format(*network.address)
        database = Neo4jDatabase(Connection(driver.AsyncGraphDatabase.driver(uri, auth=neo4j.auth), "neo4j", uri, 0.2))
        await database.operations.status()
        network.cut()
        with pytest.raises(UnavailableError, match=r"was silent for 1\.2 s"):
            await database.operations.status()
        network.mend()
        await database.close()
