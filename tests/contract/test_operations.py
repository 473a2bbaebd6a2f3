"""What concerns the store as a whole."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from graphstore.errors import InvalidError, UnavailableError
from graphstore.model import Event, EventKind, Exploration, IdempotentResult, PageRequest
from graphstore.port import Database, SchemaVersions, Store, Waiting
from tests.support.claims import TOKEN, added, asked, begun, draft, known, request_key, says
from tests.support.exploring import until
from tests.support.snapshots import records

Opener = Callable[[], Awaitable[Database]]


async def test_an_opened_database_is_ready(database: Database) -> None:
    """It can be read at once; migrating again changes nothing."""
    await database.operations.ping()
    version = (await database.operations.status()).schema_version
    assert await database.operations.migrate() == version >= 1
    assert await database.operations.versions() == SchemaVersions(version, version)


async def test_a_sound_store_has_no_problems(database: Database, store: Store) -> None:
    """Empty or filled."""
    assert await database.operations.verify() == ()
    await added(store, "a", "b", relations=(says("a", "IS_A", "b"),))
    assert await database.operations.verify() == ()


async def test_many_may_open_one_new_database_at_once(opener: Opener) -> None:
    """The schema is made once, and all of them work."""
    databases = await asyncio.gather(*(opener() for _ in range(5)))
    assert len({await d.operations.migrate() for d in databases}) == 1
    await asyncio.gather(*(added(d.within("main"), f"c{i}") for i, d in enumerate(databases)))
    assert {(await d.operations.status()).concepts for d in databases} == {5}


async def test_status_counts_over_all_workspaces(database: Database, store: Store, other: Store) -> None:
    """Concepts, relations, explorations, after additions and deletions."""
    for where in (store, other):
        ids = await added(where, "a", "b", "c", relations=(says("a", "IS_A", "b"), says("a", "IS_A", "c")))
        await begun(where)
    await other.curation.delete_concept(ids["b"])
    status = await database.operations.status()
    assert (status.concepts, status.relations, status.explorations) == (5, 3, 2)
    assert status.adapter
    assert status.version
    assert status.location


async def test_workspaces_are_those_that_hold_something(database: Database) -> None:
    """A graph, or no more than an exploration. One that was only read, or into which an empty batch was loaded, is
    none."""
    operations = database.operations
    assert await operations.workspaces() == []
    for name in ("main", "b", "a-1"):
        await added(database.within(name), "x")
    await begun(database.within("explored"))
    await database.within("never").concepts.get(["x"])
    await database.within("emptied").archive.load([])
    assert await operations.workspaces() == ["a-1", "b", "explored", "main"]


async def test_what_was_committed_is_there_when_it_is_opened_again(opener: Opener) -> None:
    """All of it."""
    first = await opener()
    await added(first.within("main"), "a", "b", relations=(says("a", "IS_A", "b"),))
    await begun(first.within("main"))
    before = await records(first.within("main"))
    await first.close()
    assert await records((await opener()).within("main")) == before


async def test_a_closed_database_says_so(database: Database, store: Store) -> None:
    """Work that was begun before is finished; later calls are refused as unavailable."""
    running = [asyncio.ensure_future(added(store, f"c{i}")) for i in range(5)]
    await asyncio.sleep(0)
    await database.close()
    assert all(await asyncio.gather(*running))
    for call in (database.operations.ping(), added(store, "late"), store.concepts.get(["x"])):
        with pytest.raises(UnavailableError):
            await call


async def test_a_caller_that_goes_away_leaves_whole_transactions(opener: Opener) -> None:
    """What it had asked for is done or not done, and others go on."""
    database = await opener()
    store = database.within("main")
    for i in range(10):
        task = asyncio.ensure_future(
            store.curation.add(known(f"a{i}", f"b{i}", relations=(says(f"a{i}", "IS_A", f"b{i}"),)))
        )
        for _ in range(i):
            await asyncio.sleep(0)
        task.cancel()
    await added(store, "last")
    await database.close()  # what was begun is finished then, and does not come between the two reads
    store = (await opener()).within("main")
    found = await store.concepts.named([f"{x}{i}" for i in range(10) for x in "ab"])
    assert len(found) == 2 * sum((await store.relations.types()).values())


async def test_unowned_are_the_queued_and_running_that_nobody_holds(
    database: Database, store: Store, other: Store
) -> None:
    """Oldest first, over all workspaces, at most so many."""
    first = await store.control.start(draft("first"))
    expired = await other.control.start(draft("expired"), lease=(TOKEN, 0))
    held = await begun(store, "held")
    paused = await store.control.start(draft("paused"))
    await store.control.pause(paused.id)
    ended = await begun(store, "ended")
    await store.control.cancel(ended.id, "enough")
    assert await database.operations.unowned(10) == [("main", first.id), ("other", expired.id)]
    assert await database.operations.unowned(1) == [("main", first.id)]
    await store.work.release(held.id, TOKEN)
    await store.work.claim(first.id, "t", 60)
    assert await database.operations.unowned(10) == [("other", expired.id), ("main", held.id)]


async def test_unowned_images_are_the_jobs_that_nobody_is_making(
    database: Database, store: Store, other: Store
) -> None:
    """Each once, the oldest first, over all workspaces, at most so many; not those that have ended."""
    mine, theirs = (await added(store, "leaf"))["leaf"], (await added(other, "leaf"))["leaf"]
    first, expired, held, ended = [(await asked(s, id, 3))[0].job for s, id in ((store, mine), (other, theirs)) * 2]
    await other.image_jobs.claim(expired, "dead", 0)
    await store.image_jobs.claim(held, "maker", 60)
    for image in await other.image_jobs.claim(ended, "maker", 60):
        await other.image_jobs.cancel(image.id)
    assert await database.operations.unowned_images(10) == [("main", first), ("other", expired)]
    assert await database.operations.unowned_images(1) == [("main", first)]
    await store.image_jobs.release(held, "maker")
    await store.image_jobs.claim(first, "maker", 60)
    assert await database.operations.unowned_images(10) == [("other", expired), ("main", held)]
    with pytest.raises(InvalidError):
        await database.operations.unowned_images(0)


async def test_what_waits_is_counted_like_what_is_unowned(database: Database, store: Store, other: Store) -> None:
    """Over all workspaces: explorations, and jobs of images rather than images."""
    assert await database.operations.waiting() == (Waiting(0, 0.0), Waiting(0, 0.0))
    for where in (store, other):
        leaf = (await added(where, "leaf"))["leaf"]
        for topic in ("first", "second"):
            await where.control.start(draft(topic))
            await asked(where, leaf, 3)
        await begun(where, "held")
        held = (await asked(where, leaf, 2))[0].job
        await where.image_jobs.claim(held, "maker", 60)
    counts = [each.count for each in await database.operations.waiting()]
    assert counts == [4, 4]
    assert counts[0] == len(await database.operations.unowned(10))
    assert counts[1] == len(await database.operations.unowned_images(10))


async def queued(store: Store, ago: timedelta) -> Exploration:
    """An exploration that was asked for so long ago, and has no events."""
    e = await store.control.start(draft("old"))
    await store.control.cancel(e.id, "enough")
    await store.control.delete(e.id)
    old = replace(e, next_seq=1, created=datetime.now(UTC) - ago)
    await store.archive.load([old])
    return old


async def waits(database: Database) -> tuple[float, float]:
    """For how many seconds explorations and images have waited."""
    explorations, images = await database.operations.waiting()
    return explorations.oldest_seconds, images.oldest_seconds


async def test_an_exploration_waits_from_its_newest_event_on(database: Database, store: Store) -> None:
    """Not since it was asked for: it may have run or been paused since; the age is that of the one that waits longest,
    and of nothing when somebody takes it up."""
    e = await queued(store, timedelta(hours=2))
    assert (await waits(database))[0] == pytest.approx(7_200, abs=30)
    at = datetime.now(UTC) - timedelta(hours=1)
    event = Event(e.id, 1, EventKind.EXPLORATION_STARTED, at, e.progress)
    await store.archive.load([event, replace(e, next_seq=2)])
    assert (await waits(database))[0] == pytest.approx(3_600, abs=30)
    await store.control.start(draft("young"))
    assert (await waits(database))[0] == pytest.approx(3_600, abs=30)
    await store.work.claim(e.id, "t", 60)
    assert (await waits(database))[0] < 30


async def test_what_was_held_waits_from_the_end_of_the_lease_on(database: Database, store: Store) -> None:
    """Its holder is gone since then, not since it was asked for."""
    leaf = (await added(store, "leaf"))["leaf"]
    e = await queued(store, timedelta(hours=2))
    [image] = await asked(store, leaf)
    await store.archive.load([replace(image, created=e.created)])
    assert await waits(database) == pytest.approx((7_200, 7_200), abs=30)
    await store.work.claim(e.id, "dead", 0)
    await store.image_jobs.claim(image.job, "dead", 0)
    assert [each.count for each in await database.operations.waiting()] == [1, 1]
    assert await waits(database) == pytest.approx((0, 0), abs=30)


async def test_an_idle_store_uses_no_connection(database: Database, store: Store) -> None:
    """While calls are under way it uses some, at most as many as there are; the others wait."""
    await added(store, "a")
    assert (database.connections.active, database.connections.waiting) == (0, 0)
    calls = [asyncio.ensure_future(added(store, f"c{i}")) for i in range(100)]
    await asyncio.sleep(0)
    busy = database.connections
    assert 1 <= busy.active <= busy.most
    assert busy.active + busy.waiting == 100
    await asyncio.gather(*calls)

    async def idle() -> bool:
        return database.connections.active == 0

    await until(idle)  # a call has its answer an instant before its connection is free


async def test_newest_seqs_are_read_for_many_at_once(database: Database, store: Store, other: Store) -> None:
    """Only of what is there, in its own workspace."""
    mine, theirs = await begun(store), await other.control.start(draft())
    await store.control.pause(mine.id)
    refs = [("main", mine.id), ("other", theirs.id), ("other", mine.id), ("main", "nowhere")]
    assert await database.operations.newest_seqs(refs) == {refs[0]: 2, refs[1]: 1}
    assert await database.operations.newest_seqs([]) == {}


async def test_foreign_changes_change_when_another_has_written(opener: Opener) -> None:
    """And only then: not by reading, nor by writes of our own."""
    ours, theirs = await opener(), await opener()
    before = await ours.operations.foreign_changes()
    if before is None:
        return
    await added(ours.within("main"), "a")
    await records(ours.within("main"))
    await records(theirs.within("main"))
    assert await ours.operations.foreign_changes() == before
    await added(theirs.within("main"), "b")
    after = await ours.operations.foreign_changes()
    assert after != before
    assert await ours.operations.foreign_changes() == after
    await begun(theirs.within("other"))
    assert await ours.operations.foreign_changes() != after


async def ended(store: Store, topic: str, ago: timedelta) -> Exploration:
    """An exploration that ended so long ago."""
    e = await begun(store, topic)
    await store.control.cancel(e.id, "enough")
    [record] = [r for r in await records(store) if isinstance(r, Exploration) and r.id == e.id]
    record = replace(record, finished=datetime.now(UTC) - ago)
    await store.archive.load([record])
    return record


async def test_trimming_takes_the_events_of_what_ended_before(database: Database, store: Store, other: Store) -> None:
    """Not of what ended later or goes on; explorations, members and steps stay, and so does the numbering."""
    old, older = await ended(store, "old", timedelta(days=31)), await ended(other, "older", timedelta(days=90))
    young, going = await ended(store, "young", timedelta(days=29)), await begun(store, "going")
    border = datetime.now(UTC) - timedelta(days=30)
    assert await database.operations.trim(border) == 4
    assert await database.operations.trim(border) == 0
    for where, e in ((store, old), (other, older)):
        assert await where.explorations.events(e.id, 0, 10) == ()
        assert await where.explorations.oldest_seq(e.id) == e.next_seq == 3
        assert set(await where.explorations.get([e.id])) == {e.id}
    assert len(await store.explorations.events(young.id, 0, 10)) == 2
    assert await store.explorations.oldest_seq(going.id) == 1
    assert await database.operations.newest_seqs([("main", old.id)]) == {("main", old.id): 2}


async def test_trimming_takes_idempotency_keys_past_their_day(database: Database, store: Store) -> None:
    """Younger ones stay."""
    now, key = datetime.now(UTC), request_key()
    young = IdempotentResult(key.principal, key.mutation, key.key, key.input_hash, "{}", now - timedelta(hours=23))
    await store.archive.load([young, replace(young, key="old", created=now - timedelta(hours=25))])
    await database.operations.trim(now - timedelta(days=30))
    assert [r for r in await records(store) if isinstance(r, IdempotentResult)] == [young]


async def test_a_workspace_is_whatever_it_is_called(database: Database) -> None:
    """Names are plain text, and binding a store to one costs nothing and writes nothing."""
    names = ["main", "MAIN", " main", "'; DROP TABLE concept; --", "ä", ""]
    for name in names:
        await added(database.within(name), f"in {name}")
    for name in names:
        store = database.within(name)
        assert store.workspace == name
        page = await store.relations.evidence([], PageRequest(1))
        assert page == {}
        assert [r.name for r in await records(store) if hasattr(r, "name")] == [" ".join(f"in {name}".split())]
