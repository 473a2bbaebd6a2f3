"""Watching: each event once and in order, whatever is lost on the way."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any, cast

import pytest

from continuum.assembly import Parts
from exploration.feed.local import LocalFeed
from exploration.watch import Told, Trimmed, Watch
from graphstore.errors import NotFoundError
from graphstore.model import Budget, Exploration, ExplorationStatus
from graphstore.port import Database
from graphstore.sqlite import open_database
from tests.support.counting import CountedDatabase
from tests.support.exploring import Scripted, asked, end_of, stored, until

Explore = Callable[..., Any]


class LostFeed(LocalFeed):
    """A feed on which every announcement is lost."""

    async def announce(self, ref: tuple[str, str], seq: int) -> None:
        """Say nothing to anybody."""


class DoubtfulFeed(LostFeed):
    """A feed that may know that something was lost."""

    def doubt(self) -> None:
        """Tell all who listen."""
        for wakes in self._listeners.values():
            for wake in wakes:
                wake(None)


async def heard(watch: Watch, exploration: Exploration, after: int = 0) -> list[int]:
    """The numbers that a watcher gets until the end."""
    async with asyncio.timeout(20):
        return [t.event.seq async for t in watch.events("main", exploration.id, after) if isinstance(t, Told)]


async def test_lost_wake_ups_are_made_good(parts: Parts, explore: Explore) -> None:
    """Without any announcement a watcher still hears everything, by looking now and then."""
    async with Watch(parts.database, LostFeed(), look_every=0.05, glance_every=0.02) as watch:
        exploration = await explore()
        numbers = await heard(watch, exploration)
    assert numbers == list(range(1, (await stored(parts, exploration)).next_seq))


async def test_a_feed_in_doubt_is_a_reason_to_look(parts: Parts, explore: Explore, scripted: Scripted) -> None:
    """When announcements may have been missed the store is looked at, long before it would be otherwise."""
    scripted.gate = asyncio.Event()
    feed = DoubtfulFeed()
    async with Watch(parts.database, feed, look_every=3_600, glance_every=3_600) as watch:
        exploration = await explore()
        watching = asyncio.create_task(heard(watch, exploration))
        await asked(scripted, "a")
        scripted.gate.set()
        newest = (await end_of(parts, exploration)).next_seq
        feed.doubt()
        assert await watching == list(range(1, newest))


async def test_a_false_announcement_harms_nobody(parts: Parts, explore: Explore, scripted: Scripted) -> None:
    """A number that no event has neither hides those that come nor keeps the watcher reading for nothing."""
    scripted.gate = asyncio.Event()
    database = CountedDatabase(parts.database)
    async with Watch(cast("Database", database), parts.feed) as watch:
        exploration = await explore()
        watching = asyncio.create_task(heard(watch, exploration))
        await asked(scripted, "a")
        await parts.feed.announce(("main", exploration.id), 1_000_000)
        await asyncio.sleep(0.2)
        scripted.gate.set()
        newest = (await end_of(parts, exploration)).next_seq
        assert await watching == list(range(1, newest))
    assert database.calls["explorations.events"] < 2 * newest


async def test_what_another_process_writes_is_heard(parts: Parts, explore: Explore) -> None:
    """A watcher over its own connection to the file hears what is written over another one, long before a look."""
    database = await open_database(parts.settings.database_path)
    try:
        async with Watch(database, LocalFeed(), look_every=3_600, glance_every=0.02) as watch:
            exploration = await explore()
            numbers = await heard(watch, exploration)
    finally:
        await database.close()
    assert numbers == list(range(1, (await stored(parts, exploration)).next_seq))


async def test_many_watchers_share_what_is_read(parts: Parts, explore: Explore, scripted: Scripted) -> None:
    """Watchers who leave and come back at any number all hear every event after it once, in order."""
    scripted.gate = asyncio.Event()
    exploration = await explore()
    await asked(scripted, "a")
    watchers = [asyncio.create_task(heard(parts.watch, exploration, after=n % 3)) for n in range(30)]
    scripted.gate.set()
    newest = (await end_of(parts, exploration)).next_seq
    for n, numbers in enumerate(await asyncio.gather(*watchers)):
        assert numbers == list(range(n % 3 + 1, newest))


async def test_an_event_comes_with_what_it_speaks_of(parts: Parts, explore: Explore) -> None:
    """The concepts and relations of an event are delivered with it, as they are now."""
    exploration = await end_of(parts, await explore())
    told = [t async for t in parts.watch.events("main", exploration.id, 0) if isinstance(t, Told)]
    found = {c.name for t in told for c in t.concepts.values()}
    stated = {(e.source.name, e.relation.key.type, e.target.name) for t in told for e in t.relations.values()}
    assert found == set("abcdefg")
    assert ("a", "LEADS_TO", "b") in stated


async def test_trimmed_history_is_told(parts: Parts, explore: Explore) -> None:
    """Who asks for events that are no longer kept is told so, and where they begin."""
    exploration = await end_of(parts, await explore())
    assert exploration.finished is not None
    await parts.database.operations.trim(exploration.finished.replace(year=exploration.finished.year + 1))
    got = [t async for t in parts.watch.events("main", exploration.id, 0)]
    assert got == [Trimmed(exploration.id, exploration.next_seq)]


async def test_a_deleted_exploration_ends_its_watching(parts: Parts, explore: Explore, scripted: Scripted) -> None:
    """Somebody else deletes what is watched: the watcher is told that it is gone, not left waiting."""
    scripted.gate = asyncio.Event()
    exploration = await explore()
    async with (
        Watch(parts.database, LostFeed(), look_every=0.05, glance_every=0.02) as watch,
        aclosing(watch.events("main", exploration.id, 0)) as events,
    ):
        await anext(events)
        store = parts.database.within("main")
        await parts.explorer.cancel(store, exploration.id, "")
        await store.control.delete(exploration.id)
        with pytest.raises(NotFoundError):
            await asyncio.wait_for(_exhausted(events), 10)


async def _exhausted(events: AsyncIterator[object]) -> None:
    async for _ in events:
        pass


async def test_no_tail_is_left_behind(parts: Parts, explore: Explore, scripted: Scripted) -> None:
    """A watcher that leaves in mid-stream frees what it used."""
    scripted.gate = asyncio.Event()
    exploration = await explore()
    async with aclosing(parts.watch.events("main", exploration.id, 0)) as events:
        await anext(events)
        assert parts.watch._tails
    assert not parts.watch._tails


async def test_an_extended_exploration_is_watched_to_its_new_end(parts: Parts, explore: Explore) -> None:
    """The end that it once had does not end the stream when there is more after it."""
    first = await end_of(parts, await explore(budget=Budget(concepts=3)))
    await parts.explorer.extend(parts.database.within("main"), first.id, Budget())
    numbers = await heard(parts.watch, first)
    last = await stored(parts, first)
    assert (last.status, numbers) == (ExplorationStatus.COMPLETED, list(range(1, last.next_seq)))
    assert last.next_seq > first.next_seq


async def test_the_end_is_reached_only_once_the_lease_is_free(parts: Parts, explore: Explore) -> None:
    """When the stream completes, nobody holds the exploration any more."""
    exploration = await end_of(parts, await explore())
    assert exploration.lease is None

    async def idle() -> bool:
        return not await parts.activity.current([("main", exploration.id)])

    await until(idle)
