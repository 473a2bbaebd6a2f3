"""Watching images: each as it is, then each change once, whatever is lost on the way."""

import asyncio
from contextlib import aclosing
from typing import Any, cast

import pytest

from continuum.assembly import Parts
from exploration.feed.local import LocalFeed
from exploration.images.watch import ImageWatch
from graphstore.errors import NotFoundError
from graphstore.model import Image, ImageStatus
from graphstore.port import Database, Store
from graphstore.sqlite import open_database
from tests.support.claims import added
from tests.support.counting import CountedDatabase
from tests.support.painting import Scribbler, calls, has_status, now, painted, workspace

Status = ImageStatus


@pytest.fixture
async def leaf(store: Store) -> str:
    """A concept."""
    return (await added(store, "Leaf"))["Leaf"]


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


async def seen(watch: ImageWatch, *images: Image) -> list[tuple[str, ImageStatus]]:
    """What a watcher gets until the end."""
    async with asyncio.timeout(20):
        return [(i.id, i.status) async for i in watch.changes("main", [image.id for image in images])]


async def test_the_present_state_comes_first(parts: Parts, leaf: str, scribbler: Scribbler) -> None:
    """Of each image, in the order asked for, one that is named twice once; then what changes, to the end of all."""
    scribbler.gate = asyncio.Event()
    images = await painted(parts, leaf, count=2)
    await has_status(parts, images[0], Status.GENERATING)
    watching = asyncio.create_task(seen(parts.image_watch, images[1], images[0], images[1]))
    await asyncio.sleep(0.05)
    scribbler.gate.set()
    told = await watching
    assert told[:2] == [(images[1].id, Status.GENERATING), (images[0].id, Status.GENERATING)]
    assert sorted(told[2:]) == sorted((image.id, Status.READY) for image in images)


async def test_what_has_ended_ends_the_watching(parts: Parts, leaf: str) -> None:
    """Whoever comes late sees how it ended; who watches nothing waits for nothing."""
    images = await painted(parts, leaf)
    await seen(parts.image_watch, *images)
    assert await seen(parts.image_watch, *images) == [(images[0].id, Status.READY)]
    assert await seen(parts.image_watch) == []


async def test_an_unknown_image_is_named(parts: Parts, leaf: str) -> None:
    """Before anything is told, also when others are there, or when it is of another workspace."""
    [image] = await painted(parts, leaf)
    with pytest.raises(NotFoundError, match="nothing"):
        await anext(parts.image_watch.changes("main", [image.id, "nothing"]))
    with pytest.raises(NotFoundError):
        await anext(parts.image_watch.changes("other", [image.id]))


async def test_each_image_ends_by_itself(parts: Parts, store: Store, leaf: str, scribbler: Scribbler) -> None:
    """One that is cancelled is told at once, while the other goes on."""
    scribbler.gate = asyncio.Event()
    images = await painted(parts, leaf, count=2)
    await calls(scribbler, 1)
    async with aclosing(parts.image_watch.changes("main", [image.id for image in images])) as changes:
        assert {(await anext(changes)).status for _ in images} == {Status.GENERATING}
        await parts.studio.cancel(store, images[0].id)
        cancelled = await asyncio.wait_for(anext(changes), 5)
        assert (cancelled.id, cancelled.status) == (images[0].id, Status.CANCELLED)
        scribbler.gate.set()
        ready = await asyncio.wait_for(anext(changes), 5)
        assert (ready.id, ready.status) == (images[1].id, Status.READY)
        with pytest.raises(StopAsyncIteration):
            await anext(changes)


async def test_a_deleted_image_ends_its_watching(parts: Parts, store: Store, leaf: str, scribbler: Scribbler) -> None:
    """There is nothing more to tell of it."""
    scribbler.gate = asyncio.Event()
    [image] = await painted(parts, leaf)
    await has_status(parts, image, Status.GENERATING)
    watching = asyncio.create_task(seen(parts.image_watch, image))
    await asyncio.sleep(0.05)
    await parts.studio.delete(store, image.id)
    assert await watching == [(image.id, Status.GENERATING)]


async def test_lost_wake_ups_are_made_good(parts: Parts, leaf: str, scribbler: Scribbler) -> None:
    """Without any announcement a watcher still learns how it ended, by looking now and then: one read for all."""
    database = CountedDatabase(parts.database)
    scribbler.gate = asyncio.Event()
    async with ImageWatch(cast("Database", database), LostFeed(), look_every=0.05, glance_every=0.02) as watch:
        images = await painted(parts, leaf, count=4)
        watching = asyncio.create_task(seen(watch, *images))
        await calls(scribbler, 1)
        before = database.calls["images.get"]
        await asyncio.sleep(0.5)
        looks = database.calls["images.get"] - before
        scribbler.gate.set()
        told = await watching
    assert sorted(told[-4:]) == sorted((image.id, Status.READY) for image in images)
    assert 1 <= looks <= 0.5 / 0.05 + 1


async def test_a_feed_in_doubt_is_a_reason_to_look(parts: Parts, leaf: str, scribbler: Scribbler) -> None:
    """When announcements may have been missed the store is looked at, long before it would be otherwise."""
    feed = DoubtfulFeed()
    scribbler.gate = asyncio.Event()
    async with ImageWatch(parts.database, feed, look_every=3_600, glance_every=3_600) as watch:
        [image] = await painted(parts, leaf)
        await has_status(parts, image, Status.GENERATING)
        watching = asyncio.create_task(seen(watch, image))
        await asyncio.sleep(0.05)
        scribbler.gate.set()
        await has_status(parts, image, Status.READY)
        feed.doubt()
        assert await watching == [(image.id, Status.GENERATING), (image.id, Status.READY)]


async def test_what_another_process_changes_is_heard(parts: Parts, leaf: str) -> None:
    """A watcher over its own connection to the file hears what is written over another one, long before a look."""
    database = await open_database(parts.settings.database_path)
    try:
        async with ImageWatch(database, LocalFeed(), look_every=3_600, glance_every=0.02) as watch:
            images = await painted(parts, leaf)
            told = await seen(watch, *images)
    finally:
        await database.close()
    assert told[-1] == (images[0].id, Status.READY)


async def test_progress_is_told_while_it_is_made(parts: Parts, leaf: str, scribbler: Scribbler) -> None:
    """A further announcement of the same version is word that the making went on; after the end it is nothing."""
    scribbler.gate = asyncio.Event()
    [image] = await painted(parts, leaf)
    await has_status(parts, image, Status.GENERATING)
    [version] = [i.version for i in await now(parts, image)]
    async with aclosing(parts.image_watch.changes("main", [image.id])) as changes:
        assert (await anext(changes)).version == version
        for _ in range(3):  # the first can be that of the change itself, on its way
            await parts.feed.announce(("main", image.id), version)
        again = await asyncio.wait_for(anext(changes), 5)
        assert (again.version, again.status) == (version, Status.GENERATING)
        scribbler.gate.set()
        assert (await asyncio.wait_for(anext(changes), 5)).status is Status.READY


async def test_a_false_announcement_harms_nobody(parts: Parts, leaf: str, scribbler: Scribbler) -> None:
    """A version that there is not neither hides those that come nor keeps the watcher reading for nothing."""
    database = CountedDatabase(parts.database)
    scribbler.gate = asyncio.Event()
    async with ImageWatch(cast("Database", database), parts.feed) as watch:
        [image] = await painted(parts, leaf)
        await has_status(parts, image, Status.GENERATING)
        watching = asyncio.create_task(seen(watch, image))
        await asyncio.sleep(0.05)
        await parts.feed.announce(("main", image.id), 1_000_000)
        await asyncio.sleep(0.3)
        assert database.calls["images.get"] <= 3
        scribbler.gate.set()
        assert (await watching)[-1] == (image.id, Status.READY)


async def test_nothing_is_left_behind(parts: Parts, leaf: str, scribbler: Scribbler) -> None:
    """A watcher that leaves in mid-stream frees what it used."""
    scribbler.gate = asyncio.Event()
    [image] = await painted(parts, leaf)
    async with aclosing(parts.image_watch.changes("main", [image.id])) as changes:
        await anext(changes)
        assert parts.image_watch._views
    assert not parts.image_watch._views
    assert not cast("LocalFeed", parts.feed)._listeners


async def test_many_watchers_see_the_same(opened: Any, scribbler: Scribbler) -> None:
    """Each hears each change once, and the end."""
    scribbler.gate = asyncio.Event()
    async with opened() as parts:
        leaf = (await added(workspace(parts), "Leaf"))["Leaf"]
        [image] = await painted(parts, leaf)
        watching = [asyncio.create_task(seen(parts.image_watch, image)) for _ in range(50)]
        await has_status(parts, image, Status.GENERATING)
        scribbler.gate.set()
        for told in await asyncio.gather(*watching):
            assert told[-1] == (image.id, Status.READY)
            assert len(set(told)) == len(told)
