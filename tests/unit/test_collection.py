"""The collection: what nobody shows goes, and nothing else."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from exploration.images.collection import AT_ONCE, Collection
from exploration.tasks import cancel
from graphstore.bytes import PictureBytes, open_bytes
from graphstore.errors import UnavailableError
from graphstore.model import ConceptId, Image
from graphstore.port import Database, Store
from graphstore.sqlite import open_database
from tests.support.claims import added, asked, painted
from tests.support.fake_s3 import BUCKET, ENVIRONMENT, fake_s3

HOUR = timedelta(hours=1)


def digest_of(content: str) -> str:
    """As pictures are named."""
    return hashlib.sha256(content.encode()).hexdigest()


def later() -> datetime:
    """Two hours from now: all that was put is old."""
    return datetime.now(UTC) + 2 * HOUR


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A real store."""
    database = await open_database(tmp_path / "graph.db")
    yield database
    await database.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the pictures are."""
    return tmp_path / "pictures"


@pytest.fixture
def pictures(folder: Path) -> PictureBytes:
    """A real place for them."""
    return open_bytes(str(folder))


async def put(pictures: PictureBytes, *contents: str, workspace: str = "main") -> None:
    """Keep these, each with a thumbnail."""
    for content in contents:
        await pictures.put(workspace, digest_of(content), content.encode())
        await pictures.put_variant(workspace, digest_of(content), "w64", b"small")


async def show(store: Store, *contents: str) -> list[Image]:
    """Let images of one concept show these."""
    [concept] = (await added(store, "leaf")).values()
    return [await shown(store, concept, content) for content in contents]


async def shown(store: Store, concept: ConceptId, content: str) -> Image:
    """An image that shows this."""
    [image] = await asked(store, concept)
    await store.image_jobs.claim(image.job, "maker", 60)
    [done] = await store.image_jobs.complete(image.job, "maker", {image.id: painted(content)})
    return done


async def kept(pictures: PictureBytes) -> set[tuple[str, str]]:
    """What is there."""
    return {(one.workspace, one.digest) async for one in pictures.digests()}


def files(folder: Path) -> set[str]:
    """Every file and folder in a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def made_old(folder: Path) -> None:
    """As if everything had been put long ago."""
    for path in folder.rglob("*"):
        os.utime(path, (0, 0))


async def test_what_nobody_shows_is_removed(database: Database, pictures: PictureBytes, folder: Path) -> None:
    """With its thumbnails, and its folders; once more finds nothing."""
    store = database.within("main")
    await show(store, "a")
    await put(pictures, "a", "b", "c")
    collection = Collection(database, pictures, now=later)
    assert await collection.once() == 2
    left = f"main/{digest_of('a')}"
    assert files(folder) == {"main", left, f"{left}/original", f"{left}/w64"}
    assert await collection.once() == 0


async def test_what_one_workspace_shows_is_removed_from_another(database: Database, pictures: PictureBytes) -> None:
    """Each has bytes of its own; a workspace without any image has none to keep."""
    for name in ("main", "other"):
        await show(database.within(name), name)
    for name in ("main", "other", "empty", "odd/../name"):
        await put(pictures, "main", "other", workspace=name)
    assert await Collection(database, pictures, now=later).once() == 6
    assert await kept(pictures) == {(name, digest_of(name)) for name in ("main", "other")}


async def test_bytes_that_several_images_show_stay_until_the_last_is_gone(
    database: Database, pictures: PictureBytes
) -> None:
    """Nobody counts them: they are looked for."""
    store = database.within("main")
    first, second = await show(store, "a", "a")
    await put(pictures, "a")
    collection = Collection(database, pictures, now=later)
    await store.image_jobs.delete(first.id)
    assert await collection.once() == 0
    await store.image_jobs.delete(second.id)
    assert await collection.once() == 1
    assert await kept(pictures) == set()


async def test_what_was_put_lately_is_left_alone(database: Database, pictures: PictureBytes, folder: Path) -> None:
    """Its image may be about to be stored."""
    await put(pictures, "young", "old")
    for path in (folder / "main" / digest_of("old")).iterdir():
        os.utime(path, (0, 0))
    assert await Collection(database, pictures).once() == 1
    assert await kept(pictures) == {("main", digest_of("young"))}


async def test_a_grace_may_be_chosen(database: Database, pictures: PictureBytes) -> None:
    """Exactly so long is what was put left alone."""
    await put(pictures, "a")
    [found] = [one async for one in pictures.digests()]
    for seconds, removed in ((99.0, 0), (101.0, 1)):
        at = found.modified + timedelta(seconds=seconds)
        assert (
            await Collection(
                database, pictures, grace=100, now=partial(datetime.fromtimestamp, at.timestamp(), UTC)
            ).once()
            == removed
        )


async def test_what_is_put_again_meanwhile_stays(database: Database, pictures: PictureBytes, folder: Path) -> None:
    """Although nobody showed it when it was looked for: its image is stored right after."""
    store = database.within("main")
    await put(pictures, "again", "gone")
    made_old(folder)

    async def meanwhile() -> None:
        await pictures.put("main", digest_of("again"), b"again")
        await show(store, "again")

    assert await Collection(looked_at(database, meanwhile), pictures).once() == 1
    assert await kept(pictures) == {("main", digest_of("again"))}
    assert await pictures.read("main", digest_of("again")) == b"again"
    made_old(folder)
    assert await Collection(database, pictures).once() == 0


async def test_many_pictures_are_looked_for_together(database: Database) -> None:
    """A few questions to the store for all of them."""
    pictures = open_bytes("memory://")
    asked_for = list[int]()

    async def count() -> None:
        asked_for.append(1)

    contents = [str(number) for number in range(AT_ONCE + 100)]
    for content in contents:
        await pictures.put("main", digest_of(content), content.encode())
    await show(database.within("main"), *contents[:50])
    removed = await Collection(looked_at(database, count), pictures, now=later).once()
    assert (removed, len(asked_for)) == (AT_ONCE + 50, 2)
    assert await kept(pictures) == {("main", digest_of(content)) for content in contents[:50]}


async def test_several_may_collect_at_once(database: Database, pictures: PictureBytes) -> None:
    """Between them they remove everything that nobody shows, and nothing else."""
    await show(database.within("main"), "a")
    await put(pictures, *"abcdefgh")
    removed = await asyncio.gather(*(Collection(database, pictures, now=later).once() for _ in range(3)))
    assert sum(removed) >= 7
    assert await kept(pictures) == {("main", digest_of("a"))}


async def test_what_killed_writers_left_is_cleared(database: Database, pictures: PictureBytes, folder: Path) -> None:
    """When it is old; what is being written is not."""
    (folder / "main" / digest_of("a")).mkdir(parents=True)
    half = folder / "main" / digest_of("a") / "original#1"
    half.write_bytes(b"half a pict")
    await Collection(database, pictures).once()
    assert half.exists()
    made_old(folder)
    await Collection(database, pictures).once()
    assert not half.exists()


async def test_a_store_that_is_away_costs_nothing_and_is_waited_for(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither records nor bytes that cannot be seen count as missing; when both are back the work goes on."""
    async with fake_s3() as server:
        for name, value in {**ENVIRONMENT, "AWS_ENDPOINT_URL": server.address}.items():
            monkeypatch.setenv(name, value)
        pictures = open_bytes(f"s3://{BUCKET}/p")
        await show(database.within("main"), "a")
        await put(pictures, "a", "b")
        everything = set(server.objects)
        away = True

        async def unseen() -> None:
            if away:
                raise UnavailableError("away")

        collection = Collection(looked_at(database, unseen), pictures, every=0.02, first_after=0, now=later)
        with pytest.raises(UnavailableError):
            await collection.once()
        server.status = 403
        with capture_logs() as logs:
            running = asyncio.create_task(collection.run())
            try:
                await until(lambda: len(logs) >= 2)
                assert {log["event"] for log in logs} == {"collection_failed"}
                server.status = None
                assert set(server.objects) == everything
                away = False
                await until(lambda: set(server.objects) == {f"p/main/{digest_of('a')}/{name}" for name in NAMES})
            finally:
                await cancel(running)


NAMES = ("original", "w64")


async def test_collecting_goes_on_until_it_is_cancelled(database: Database, pictures: PictureBytes) -> None:
    """What nobody shows any more later is found later."""
    [image] = await show(database.within("main"), "a")
    await put(pictures, "a", "b")
    running = asyncio.create_task(Collection(database, pictures, every=0.02, first_after=0, now=later).run())
    try:
        await until_kept(pictures, {("main", digest_of("a"))})
        await database.within("main").image_jobs.delete(image.id)
        await until_kept(pictures, set())
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    assert running.cancelled()


def looked_at(database: Database, meanwhile: Callable[[], Awaitable[None]]) -> Database:
    """The database, in which something happens right after it was asked what is shown."""

    def within(workspace: str) -> Any:
        async def shown(digests: Sequence[str]) -> frozenset[str]:
            found = await database.within(workspace).images.shown(digests)
            await meanwhile()
            return found

        return SimpleNamespace(images=SimpleNamespace(shown=shown))

    return cast("Database", SimpleNamespace(within=within))


async def until(holds: Callable[[], bool]) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - what changes it does not know of this
            await asyncio.sleep(0.01)


async def until_kept(pictures: PictureBytes, wanted: set[tuple[str, str]]) -> None:
    """Wait until just these are there."""
    async with asyncio.timeout(10):
        while await kept(pictures) != wanted:  # noqa: ASYNC110 - what changes it does not know of this
            await asyncio.sleep(0.01)
