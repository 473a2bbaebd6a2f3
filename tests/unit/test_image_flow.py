"""The flow of images: asked for, made by a durable job, kept, and told of."""

import asyncio
import hashlib
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from continuum.assembly import Parts
from exploration.images.request import ImageRequest, image_options
from exploration.request import Request
from graphstore.errors import IdempotencyConflict, NotFoundError, StatusConflict
from graphstore.model import Budget, ExplorationStatus, Idempotency, Image, ImageDraft, ImageStatus
from graphstore.port import Store
from providers.errors import (
    ContentPolicyError,
    GarbledError,
    NotConfiguredError,
    RefusedError,
    TransientError,
)
from tests.support.claims import added, says
from tests.support.exploring import Scripted, asked, reached, until
from tests.support.painting import Scribbler, calls, ended, has_status, now, painted, workspace

READY, FAILED, QUEUED = ImageStatus.READY, ImageStatus.FAILED, ImageStatus.QUEUED


@pytest.fixture
async def leaf(store: Store) -> str:
    """A concept with a neighbour."""
    return (await added(store, "Leaf", "Plant", relations=(says("Leaf", "PART_OF", "Plant"),)))["Leaf"]


@asynccontextmanager
async def without_place(parts: Parts) -> AsyncIterator[Callable[[], None]]:
    """The folder of the pictures is gone, and nothing can be written there, until what is given is called."""
    folder = parts.settings.data_dir / "images"
    shutil.rmtree(folder)
    folder.write_text("no folder")

    def back() -> None:
        folder.unlink(missing_ok=True)
        folder.mkdir()

    yield back


async def test_an_image_is_made_and_kept(parts: Parts, leaf: str, scribbler: Scribbler) -> None:
    """QUEUED at once; then READY with all that is known of it, and its bytes under their digest."""
    [queued] = await painted(parts, leaf, seed=7, style="ink")
    assert (queued.status, queued.version, queued.concept) == (QUEUED, 1, leaf)
    [image] = await ended(parts, queued)
    assert image.status is READY
    assert image.picture is not None
    p = image.picture
    assert (p.provider, p.model, p.media_type, p.width, p.height, p.seed) == (
        *("scribbler", "crayon", "image/png", 16, 16, 7),
    )
    content = await parts.pictures.read("main", p.digest)
    assert content is not None
    assert (hashlib.sha256(content).hexdigest(), len(content)) == (p.digest, p.bytes)
    [request] = scribbler.asked
    assert image.prompt == request.prompt
    assert '"Leaf" part of "Plant"' in request.prompt
    assert (request.scene.name, request.style, request.workspace) == ("Leaf", "ink", "main")
    assert (image.concept_version, image.attempts, image.lease) == (1, 1, None)


async def test_the_images_of_a_job_are_one_call(parts: Parts, store: Store, scribbler: Scribbler) -> None:
    """A job for each concept, each made by one call; a concept that is named twice is asked for once."""
    ids = await added(store, "Leaf", "Plant")
    images = await painted(parts, ids["Leaf"], ids["Plant"], ids["Leaf"], count=3)
    made = await ended(parts, *images)
    assert [(i.concept, i.position) for i in made] == [(ids[n], p) for n in ("Leaf", "Plant") for p in range(3)]
    assert sorted((r.scene.name, r.first, r.count) for r in scribbler.asked) == [("Leaf", 0, 3), ("Plant", 0, 3)]
    assert len({i.picture.digest for i in made if i.picture}) == 6


async def test_a_bad_concept_is_named_and_nothing_is_stored(parts: Parts, store: Store, leaf: str) -> None:
    """One that is not there fails the whole request."""
    unknown = "0197a000-0000-7000-8000-000000000001"
    with pytest.raises(NotFoundError, match=unknown):
        await painted(parts, leaf, unknown)
    assert await store.images.count([leaf]) == {leaf: 0}


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ContentPolicyError("no whales"), ("CONTENT_POLICY", "no whales")),
        (RefusedError("not today"), ("PROVIDER_REFUSED", "not today")),
        (TransientError("busy", retry_after=3_600), ("PROVIDER_UNAVAILABLE", "busy")),
        (NotConfiguredError("bad key"), ("PROVIDER_NOT_CONFIGURED", "bad key")),
        (GarbledError("half a picture"), ("BAD_PICTURE", "half a picture")),
        (ZeroDivisionError("a secret"), ("INTERNAL_ERROR", "ZeroDivisionError")),
    ],
)
async def test_a_failure_says_why(
    parts: Parts, leaf: str, scribbler: Scribbler, error: Exception, told: tuple[str, str]
) -> None:
    """FAILED with a code and a message, the prompt kept; what nobody meant to say is not shown."""
    code, message = told
    scribbler.fail = lambda _request, _attempt: error
    images = await painted(parts, leaf, count=2, fallback=False)
    for image in await ended(parts, *images):
        assert (image.status, image.error and image.error.code) == (FAILED, code)
        assert image.error is not None
        assert message in image.error.message
        assert "secret" not in image.error.message
        assert image.prompt == scribbler.asked[0].prompt


async def test_what_cannot_be_made_is_drawn_and_says_so(
    parts: Parts, leaf: str, scribbler: Scribbler, stand_in: Scribbler
) -> None:
    """With leave to fall back, the picture names who drew it and why."""
    scribbler.fail = lambda _request, _attempt: RefusedError("not today")
    [image] = await ended(parts, *await painted(parts, leaf))
    assert image.picture is not None
    assert (image.options.provider, image.picture.provider) == ("scribbler", "mock")
    assert "not today" in (image.picture.fallback or "")
    assert len(stand_in.asked) == 1


async def test_a_deleted_concept_takes_its_images_along(
    parts: Parts, store: Store, leaf: str, scribbler: Scribbler
) -> None:
    """Also the one that is being made: who watches it is told that it is gone, and the job ends quietly."""
    scribbler.gate = asyncio.Event()
    [image] = await painted(parts, leaf)
    await calls(scribbler, 1)
    await store.curation.delete_concept(leaf)
    scribbler.gate.set()
    async with asyncio.timeout(10):
        [item async for item in _from_now_on(parts, image)]
    assert not await store.images.get([image.id])


async def _from_now_on(parts: Parts, image: Image) -> AsyncIterator[Image]:
    try:
        async for change in parts.image_watch.changes("main", [image.id]):
            yield change
    except NotFoundError:
        return


async def test_an_image_of_a_merged_concept_shows_the_one_it_went_into(
    parts: Parts, store: Store, scribbler: Scribbler
) -> None:
    """What is made after a merge is made of what there is then."""
    ids = await added(store, "Leaf", "Blade")
    scribbler.gate = asyncio.Event()
    first = await painted(parts, ids["Leaf"])
    await calls(scribbler, 1)
    blade = await painted(parts, ids["Blade"])
    await store.curation.merge(ids["Leaf"], [ids["Blade"]])
    scribbler.gate.set()
    made = await ended(parts, *first, *blade)
    assert {(image.status, image.concept) for image in made} == {(READY, ids["Leaf"])}


async def test_cancelling_aborts_the_call(parts: Parts, store: Store, leaf: str, scribbler: Scribbler) -> None:
    """The image is CANCELLED at once, what makes it is stopped, and it cannot be cancelled again."""
    scribbler.gate = asyncio.Event()
    [image] = await painted(parts, leaf)
    await calls(scribbler, 1)
    cancelled = await parts.studio.cancel(store, image.id)
    assert cancelled.status is ImageStatus.CANCELLED

    async def stopped() -> bool:
        return scribbler.running == 0

    await until(stopped)
    assert (await now(parts, image))[0].status is ImageStatus.CANCELLED
    with pytest.raises(StatusConflict, match="CANCELLED"):
        await parts.studio.cancel(store, image.id)


async def test_cancelling_one_of_several_leaves_the_others(
    parts: Parts, store: Store, leaf: str, scribbler: Scribbler
) -> None:
    """The call goes on for those that are still wanted."""
    scribbler.gate = asyncio.Event()
    images = await painted(parts, leaf, count=3)
    await calls(scribbler, 1)
    await parts.studio.cancel(store, images[1].id)
    scribbler.gate.set()
    assert [i.status for i in await ended(parts, *images)] == [READY, ImageStatus.CANCELLED, READY]
    assert scribbler.cancelled == 0


async def test_what_was_cancelled_before_is_not_paid_for(opened: Any, scribbler: Scribbler) -> None:
    """A job with a gap is made in parts that leave it out, each picture at its own place of the series."""
    async with opened(images_at_once=1) as parts:
        store = workspace(parts)
        ids = await added(store, "Leaf", "Plant")
        scribbler.gate = asyncio.Event()
        first = await painted(parts, ids["Plant"])
        await calls(scribbler, 1)
        images = await painted(parts, ids["Leaf"], count=4, seed=10)
        await parts.studio.cancel(store, images[1].id)
        scribbler.gate.set()
        made = await ended(parts, *first, *images)
    assert [(r.first, r.count) for r in scribbler.asked[1:]] == [(0, 1), (2, 2)]
    assert [i.picture and i.picture.seed for i in made[1:]] == [10, None, 12, 13]


async def test_deleting_stops_what_makes_it(parts: Parts, store: Store, leaf: str, scribbler: Scribbler) -> None:
    """An image may be deleted in mid-call; a second time there is nothing to delete."""
    scribbler.gate = asyncio.Event()
    [image] = await painted(parts, leaf)
    await calls(scribbler, 1)
    await parts.studio.delete(store, image.id)

    async def stopped() -> bool:
        return scribbler.running == 0

    await until(stopped)
    with pytest.raises(NotFoundError):
        await parts.studio.delete(store, image.id)


async def test_a_repeated_request_gives_the_same_images(parts: Parts, leaf: str, scribbler: Scribbler) -> None:
    """By its key, also when all is done; and nothing is made twice."""
    key = Idempotency("somebody", "generateImages", "key", "hash")
    first = await painted_with(parts, key, leaf)
    await ended(parts, *first)
    again = await painted_with(parts, key, leaf)
    assert [(i.id, i.status) for i in again] == [(first[0].id, READY)]
    assert len(scribbler.asked) == 1
    with pytest.raises(IdempotencyConflict):
        await painted_with(parts, Idempotency("somebody", "generateImages", "key", "other"), leaf)


async def painted_with(parts: Parts, key: Idempotency, concept: str) -> list[Image]:
    """Ask under an idempotency key."""
    return list(await parts.studio.request(workspace(parts), ImageRequest((concept,)), key))


async def test_equal_requests_at_once_are_one_call(opened: Any, scribbler: Scribbler) -> None:
    """Each gives an image of its own, and all but one cost nothing."""
    scribbler.price = 0.5
    async with opened(images_at_once=20) as parts:
        leaf = (await added(workspace(parts), "Leaf"))["Leaf"]
        scribbler.gate = asyncio.Event()
        asked = [image for _ in range(20) for image in await painted(parts, leaf)]
        await calls(scribbler, 1)
        scribbler.gate.set()
        made = await ended(parts, *asked)
    assert {image.status for image in made} == {READY}
    assert len(scribbler.asked) == 1
    costs = sorted(image.picture.cost_usd for image in made if image.picture)
    assert costs == [0.0] * 19 + [0.5]


async def test_no_more_pictures_are_made_at_once_than_allowed(opened: Any, scribbler: Scribbler) -> None:
    """Fifty jobs wait for their turn, and all get it."""
    async with opened(images_at_once=3) as parts:
        ids = await added(workspace(parts), *(f"Leaf {n}" for n in range(50)))
        scribbler.gate = asyncio.Event()
        concepts = list(ids.values())
        asked = [i for start in range(0, 50, 10) for i in await painted(parts, *concepts[start : start + 10])]
        await calls(scribbler, 3)
        scribbler.gate.set()
        made = await ended(parts, *asked)
    assert {image.status for image in made} == {READY}
    assert (len(scribbler.asked), scribbler.most_at_once) == (50, 3)


async def test_explorations_do_not_hold_up_images(opened: Any, scripted: Scripted) -> None:
    """All places for explorations taken, an image is made at once."""
    scripted.gate = asyncio.Event()
    async with opened(explorations_at_once=1) as parts:
        store = workspace(parts)
        exploration = await parts.explorer.start(store, Request(topic="a", budget=Budget()))
        await reached(parts, exploration, ExplorationStatus.RUNNING)
        await asked(scripted, "a")
        leaf = (await added(store, "Leaf"))["Leaf"]
        [image] = await ended(parts, *await painted(parts, leaf))
    assert image.status is READY


async def test_nothing_is_paid_for_that_could_not_be_kept(parts: Parts, leaf: str, scribbler: Scribbler) -> None:
    """While the place for pictures is away images stay QUEUED and nobody is asked; when it is back they are made."""
    async with without_place(parts) as back:
        [image] = await painted(parts, leaf)
        await asyncio.sleep(parts.settings.lease_seconds)  # some sweeps
        assert (await now(parts, image))[0].status is QUEUED
        assert scribbler.asked == []
        back()
        [image] = await ended(parts, image)
    assert (image.status, image.attempts) == (READY, 1)


async def test_a_picture_that_is_made_is_not_lost_with_its_place(parts: Parts, leaf: str, scribbler: Scribbler) -> None:
    """The place goes away in mid-call and comes back: the picture that was paid for is kept, and asked for once."""
    scribbler.gate = asyncio.Event()
    [image] = await painted(parts, leaf, reuse=False)
    await calls(scribbler, 1)
    async with without_place(parts) as back:
        scribbler.gate.set()

        async def was_made() -> bool:
            return scribbler.running == 0

        await until(was_made)
        back()
        [image] = await ended(parts, image)
    assert (image.status, len(scribbler.asked)) == (READY, 1)


async def test_what_a_dead_process_left_is_taken_up(opened: Any, scribbler: Scribbler) -> None:
    """An image whose owner vanished is made once its lease has run out, its attempt counted."""
    async with opened(sweep=False) as parts:
        store = workspace(parts)
        leaf = (await added(store, "Leaf"))["Leaf"]
        scribbler.gate = asyncio.Event()
        [image] = await painted(parts, leaf)
        await calls(scribbler, 1)
        await store.image_jobs.release(image.job, (await now(parts, image))[0].lease.token)  # type: ignore[union-attr]
        await store.image_jobs.claim(image.job, "somebody who dies", 0.3)
        scribbler.gate = None
    async with opened() as parts:
        [image] = await ended(parts, image)
    assert (image.status, image.attempts) == (READY, 2)


async def test_an_image_that_kills_its_makers_is_given_up(opened: Any, scribbler: Scribbler) -> None:
    """After three owners that vanished it is FAILED, and nobody is asked for it any more."""
    async with opened(sweep=False) as parts:
        store = workspace(parts)
        leaf = (await added(store, "Leaf"))["Leaf"]
        scribbler.gate = asyncio.Event()
        [image] = await painted(parts, leaf)
        await calls(scribbler, 1)
        await store.image_jobs.release(image.job, (await now(parts, image))[0].lease.token)  # type: ignore[union-attr]
        for number in range(3):

            async def claimed(number: int = number) -> bool:
                return bool(await store.image_jobs.claim(image.job, f"dies {number}", 0.01))

            await until(claimed)
    async with opened() as parts:
        [image] = await ended(parts, image)
    assert (image.status, image.error and image.error.code) == (FAILED, "ABANDONED")
    assert len(scribbler.asked) == 1


async def test_draining_lets_pictures_be_finished(opened: Any, scribbler: Scribbler) -> None:
    """What is being made is made; what waits stays QUEUED for others."""
    scribbler.gate = asyncio.Event()
    async with opened(images_at_once=1) as parts:
        ids = await added(workspace(parts), "Leaf", "Plant")
        images = await painted(parts, *ids.values())
        await calls(scribbler, 1)
        drained = asyncio.create_task(parts.drain())
        await asyncio.sleep(0)
        scribbler.gate.set()
        await drained
        assert [i.status for i in await now(parts, *images)] == [READY, QUEUED]
    assert len(scribbler.asked) == 1


async def test_what_takes_too_long_is_handed_back(opened: Any, scribbler: Scribbler) -> None:
    """A drained process that is out of patience leaves the image QUEUED, its attempt not counted; the next makes it."""
    scribbler.gate = asyncio.Event()
    async with opened(shutdown_seconds=0.1, sweep=False) as parts:
        leaf = (await added(workspace(parts), "Leaf"))["Leaf"]
        [image] = await painted(parts, leaf)
        await calls(scribbler, 1)
        await parts.drain()
    scribbler.gate = None
    async with opened(sweep=False) as parts:
        [handed_back] = await now(parts, image)
        assert (handed_back.status, handed_back.attempts, handed_back.lease) == (QUEUED, 0, None)
    async with opened() as parts:
        [image] = await ended(parts, image)
    assert (image.status, scribbler.cancelled) == (READY, 1)


async def test_the_lease_is_kept_while_it_is_made(opened: Any, scribbler: Scribbler) -> None:
    """A picture that takes several leases is made by one owner."""
    scribbler.gate = asyncio.Event()
    async with opened(lease_seconds=0.5) as parts:
        leaf = (await added(workspace(parts), "Leaf"))["Leaf"]
        [image] = await painted(parts, leaf)
        await calls(scribbler, 1)
        await asyncio.sleep(1.5)  # three leases, with sweeps between
        scribbler.gate.set()
        [image] = await ended(parts, image)
    assert (image.status, image.attempts, len(scribbler.asked)) == (READY, 1, 1)


async def test_it_is_told_how_far_a_picture_is(parts: Parts, leaf: str, scribbler: Scribbler) -> None:
    """By live activity, which is gone when the image has ended."""
    scribbler.gate, scribbler.shares = asyncio.Event(), (0.25, 7.0, 0.1)
    [image] = await painted(parts, leaf)
    await calls(scribbler, 1)
    ref = ("main", image.id)

    async def told() -> bool:
        doing = (await parts.activity.current([ref])).get(ref, ())
        return [(a.agent, a.subject, a.step, a.share) for a in doing] == [("painter", "Leaf", image.id, 1.0)]

    await until(told)
    scribbler.gate.set()
    await ended(parts, image)

    async def idle() -> bool:
        return not await parts.activity.current([ref])

    await until(idle)


async def test_the_cache_is_counted_and_cleared(parts: Parts, leaf: str, store: Store, scribbler: Scribbler) -> None:
    """An equal request is answered by the same picture; after clearing, or on wish, it is made anew."""
    [first] = await ended(parts, *await painted(parts, leaf))
    [second] = await ended(parts, *await painted(parts, leaf))
    assert first.picture is not None
    assert second.picture is not None
    assert (second.picture.digest, second.picture.cached) == (first.picture.digest, True)
    stats = await parts.studio.cache_stats(store)
    assert (stats.hits, stats.entries) == (1, 1)
    await ended(parts, *await painted(parts, leaf, reuse=False))
    assert await parts.studio.clear_cache(store) == 1
    await ended(parts, *await painted(parts, leaf))
    assert len(scribbler.asked) == 3


async def test_whoever_holds_the_lease_can_have_it_made(opened: Any) -> None:
    """A command in a terminal makes the images of its own request, whatever queue there is."""
    async with opened(sweep=False) as parts:
        store = workspace(parts)
        leaf = (await added(store, "Leaf"))["Leaf"]
        options = image_options(ImageRequest((leaf,)), parts.catalogue)
        asked = await store.image_jobs.request([ImageDraft(leaf, 2, options)])
        claimed = await store.image_jobs.claim(asked[0].job, "mine", 10)
        await parts.painter.own(claimed, store, "mine", asyncio.Event())
        assert {image.status for image in await now(parts, *asked)} == {READY}


async def test_a_watched_status_is_told_as_it_changes(parts: Parts, leaf: str, scribbler: Scribbler) -> None:
    """QUEUED or GENERATING, then READY: what a subscriber sees of an image."""
    scribbler.gate = asyncio.Event()
    [image] = await painted(parts, leaf)

    async def watch() -> list[ImageStatus]:
        return [change.status async for change in parts.image_watch.changes("main", [image.id])]

    watching = asyncio.create_task(watch())
    await has_status(parts, image, ImageStatus.GENERATING)
    scribbler.gate.set()
    async with asyncio.timeout(10):
        seen = await watching
    assert seen[-1] is READY
    assert list(dict.fromkeys(seen)) == seen
