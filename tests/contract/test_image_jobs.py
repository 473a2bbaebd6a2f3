"""Asking for images, making them under a lease, cancelling and deleting them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import pytest

from graphstore.changes.images import MAX_ATTEMPTS
from graphstore.errors import IdempotencyConflict, LeaseLost, NotFoundError, StatusConflict
from graphstore.model import (
    UNFINISHED,
    ConceptId,
    Image,
    ImageError,
    ImageOptions,
    ImageStatus,
    PageRequest,
    Painted,
)
from graphstore.port import Database, Store
from tests.support.claims import added, asked, image_in, painted, picture, request_key, wanted
from tests.support.snapshots import records

S = ImageStatus
ALL = PageRequest(1_000)
Opener = Callable[[], Awaitable[Database]]


@pytest.fixture
async def leaf(store: Store) -> ConceptId:
    """A concept."""
    return (await added(store, "leaf"))["leaf"]


async def now(store: Store, image: Image) -> Image:
    """The image as it is stored."""
    return (await store.images.get([image.id]))[image.id]


async def test_a_request_stores_queued_images(store: Store, leaf: ConceptId) -> None:
    """A job for each draft, in their order, with all that was asked for."""
    [root] = (await added(store, "root")).values()
    drafts = [
        wanted(leaf, 3),
        wanted(root, quality="high", style="ink", prompt="a\n𝄞", seed=0, real=False, fallback=False, reuse=False),
    ]
    images = await store.image_jobs.request(drafts)
    assert await store.images.get([i.id for i in images]) == {i.id: i for i in images}
    assert [(i.concept, i.made_for, i.position) for i in images] == [
        *((leaf, leaf, position) for position in range(3)),
        (root, root, 0),
    ]
    assert [i.job for i in images] == [images[0].id] * 3 + [images[3].id]
    assert images[0].options == ImageOptions("mock", "64x64")
    assert images[3].options == drafts[1].options
    for image in images:
        assert (image.status, image.attempts, image.version, image.exploration) == (S.QUEUED, 0, 1, None)
        assert (image.prompt, image.picture, image.error, image.lease) == (None, None, None, None)
        assert (image.concept_version, image.started, image.finished) == (None, None, None)
    assert await store.image_jobs.request([]) == []


async def test_a_request_for_what_is_not_there_stores_nothing(store: Store, other: Store, leaf: ConceptId) -> None:
    """The first missing concept is named; one of another workspace, or a deleted one, is missing."""
    foreign, gone = (await added(other, "root"))["root"], (await added(store, "gone"))["gone"]
    await store.curation.delete_concept(gone)
    before = await records(store)
    for missing in ("nowhere", foreign, gone):
        with pytest.raises(NotFoundError, match=missing):
            await store.image_jobs.request([wanted(leaf), wanted(missing), wanted("later")], request_key())
    assert await records(store) == before


async def test_a_repeated_request_answers_with_the_first_images(store: Store, leaf: ConceptId) -> None:
    """As they are by then, less what was deleted, though their concept be gone; another input is refused."""
    [root] = (await added(store, "root")).values()
    drafts, key = [wanted(leaf, 2), wanted(root)], request_key(mutation="generateImages")
    first = await store.image_jobs.request(drafts, key)
    assert await store.image_jobs.request(drafts, key) == first
    await store.image_jobs.cancel(first[0].id)
    await store.image_jobs.delete(first[1].id)
    again = await store.image_jobs.request(drafts, key)
    assert [(i.id, i.status) for i in again] == [(first[0].id, S.CANCELLED), (first[2].id, S.QUEUED)]
    await store.curation.delete_concept(root)
    assert [i.id for i in await store.image_jobs.request(drafts, key)] == [first[0].id]
    before = await records(store)
    with pytest.raises(IdempotencyConflict):
        await store.image_jobs.request(drafts, replace(key, input_hash="h2"))
    assert await records(store) == before
    assert await store.image_jobs.request([wanted(leaf)], request_key("k2", mutation="generateImages")) != []


async def test_equal_requests_at_once_store_one_answer(opener: Opener) -> None:
    """Whatever the timing, over several processes."""
    stores = [(await opener()).within("main") for _ in range(3)]
    [leaf] = (await added(stores[0], "leaf")).values()
    key = request_key(mutation="generateImages")
    answers = await asyncio.gather(*(s.image_jobs.request([wanted(leaf, 2)], key) for s in stores * 3))
    assert {tuple(i.id for i in answer) for answer in answers} == {tuple(i.id for i in answers[0])}
    assert await stores[0].images.count([leaf]) == {leaf: 2}


async def test_a_claim_takes_a_whole_job(store: Store, other: Store, leaf: ConceptId) -> None:
    """Its images are GENERATING under one lease and have begun; nobody else gets them, and other jobs are free."""
    job, free = await asked(store, leaf, 2), await asked(store, leaf)
    assert not await other.image_jobs.claim(job[0].job, "elsewhere", 60)
    claimed = await store.image_jobs.claim(job[0].job, "first", 60)
    assert [i.id for i in claimed] == [i.id for i in job]
    for image in claimed:
        assert image == await now(store, image)
        assert (image.status, image.attempts, image.version) == (S.GENERATING, 1, 2)
        assert image.started is not None
        assert image.lease is not None
        assert (image.lease.token, (image.lease.until - image.started).total_seconds()) == ("first", 60)
    before = await records(store)
    for token in ("second", "first"):
        assert not await store.image_jobs.claim(job[0].job, token, 60)
    assert not await store.image_jobs.claim(job[1].id, "by the image", 60)
    assert not await store.image_jobs.claim("nowhere", "first", 60)
    assert await records(store) == before
    assert len(await store.image_jobs.claim(free[0].job, "first", 60)) == 1


async def test_an_expired_claim_is_taken_over(store: Store, leaf: ConceptId) -> None:
    """Another attempt is counted; when it was begun first is kept."""
    [image] = await asked(store, leaf)
    [first] = await store.image_jobs.claim(image.job, "first", 0)
    [taken] = await store.image_jobs.claim(image.job, "second", 60)
    assert (taken.attempts, taken.started, taken.version) == (2, first.started, 3)
    assert taken.lease is not None
    assert taken.lease.token == "second"


async def test_only_one_of_many_claims_wins(opener: Opener) -> None:
    """Whatever the timing, over several processes."""
    stores = [(await opener()).within("main") for _ in range(3)]
    [leaf] = (await added(stores[0], "leaf")).values()
    [image] = await asked(stores[0], leaf)
    claims = await asyncio.gather(
        *(s.image_jobs.claim(image.job, f"{i}-{n}", 60) for n in range(4) for i, s in enumerate(stores))
    )
    [[winner]] = [claimed for claimed in claims if claimed]
    assert winner == await now(stores[0], image)
    assert winner.attempts == 1


async def test_an_image_whose_makers_die_is_given_up(store: Store, database: Database, leaf: ConceptId) -> None:
    """After so many attempts it is FAILED and says why; what was cancelled before stays as it was."""
    image, cancelled = await asked(store, leaf, 2)
    await store.image_jobs.cancel(cancelled.id)
    for n in range(MAX_ATTEMPTS):
        assert len(await store.image_jobs.claim(image.job, f"maker {n}", 0)) == 1
    assert not await store.image_jobs.claim(image.job, "one too many", 60)
    failed = await now(store, image)
    assert (failed.status, failed.attempts, failed.lease) == (S.FAILED, MAX_ATTEMPTS, None)
    assert failed.error is not None
    assert failed.error.code == "ABANDONED"
    assert failed.finished is not None
    assert (await now(store, cancelled)).status is S.CANCELLED
    assert await database.operations.unowned_images(10) == []
    assert not await store.image_jobs.claim(image.job, "again", 60)


async def test_a_renewed_lease_lasts_from_now(store: Store, leaf: ConceptId) -> None:
    """The answer is what is still to be made, as it stands; an expired lease that nobody took is held on."""
    images = await asked(store, leaf, 3)
    job = images[0].job
    [first, *_] = await store.image_jobs.claim(job, "maker", 0)
    await store.image_jobs.cancel(images[1].id)
    renewed = await store.image_jobs.renew(job, "maker", 3_600)
    assert [i.id for i in renewed] == [images[0].id, images[2].id]
    assert list(renewed) == [await now(store, image) for image in renewed]
    assert first.lease is not None
    assert all(i.lease and (i.lease.until - first.lease.until).total_seconds() >= 3_600 for i in renewed)
    assert {(i.version, i.attempts) for i in renewed} == {(2, 1)}
    assert not await store.image_jobs.claim(job, "heir", 60)


async def test_a_job_is_completed_image_by_image(store: Store, leaf: ConceptId) -> None:
    """READY with its picture or FAILED with its error; what has no result yet is still to be made."""
    images = await asked(store, leaf, 3)
    job = images[0].job
    await store.image_jobs.claim(job, "maker", 60)
    refused = Painted("paint b", 7, ImageError("CONTENT_POLICY", "not this"))
    answered = await store.image_jobs.complete(
        job, "maker", {images[0].id: painted("a"), images[1].id: refused, "x": painted("stray")}
    )
    assert [i.id for i in answered] == [images[0].id, images[1].id]
    ready, failed, open_one = [await now(store, image) for image in images]
    assert list(answered) == [ready, failed]
    assert (ready.status, ready.picture, ready.error, ready.version) == (S.READY, picture("a"), None, 3)
    assert (ready.prompt, ready.concept_version) == ("paint a", 1)
    assert (failed.status, failed.picture, failed.error) == (S.FAILED, None, refused.result)
    assert (failed.prompt, failed.concept_version) == ("paint b", 7)
    for image in (ready, failed):
        assert image.lease is None
        assert image.finished is not None
    assert open_one.status is S.GENERATING
    [done] = await store.image_jobs.complete(job, "maker", {i.id: painted("c") for i in images})
    assert (done.id, done.picture) == (images[2].id, picture("c"))
    assert await now(store, ready) == ready
    with pytest.raises(LeaseLost):
        await store.image_jobs.complete(job, "maker", {i.id: painted("d") for i in images})


async def test_what_was_cancelled_or_deleted_meanwhile_stays_so(store: Store, leaf: ConceptId) -> None:
    """Its result is dropped, and the others get theirs."""
    images = await asked(store, leaf, 3)
    await store.image_jobs.claim(images[0].job, "maker", 60)
    cancelled = await store.image_jobs.cancel(images[0].id)
    await store.image_jobs.delete(images[1].id)
    answered = await store.image_jobs.complete(images[0].job, "maker", {i.id: painted() for i in images})
    assert [i.id for i in answered] == [images[2].id]
    assert answered[0].status is S.READY
    assert await store.images.get([i.id for i in images]) == {images[0].id: cancelled, images[2].id: answered[0]}


async def test_a_released_job_is_free_at_once(store: Store, leaf: ConceptId) -> None:
    """The attempt is not counted, and what was made stays; releasing never raises, and only the holder's counts."""
    images = await asked(store, leaf, 2)
    job = images[0].job
    await store.image_jobs.claim(job, "maker", 60)
    [done] = await store.image_jobs.complete(job, "maker", {images[0].id: painted()})
    before = await records(store)
    await store.image_jobs.release(job, "somebody else's")
    assert await records(store) == before
    await store.image_jobs.release(job, "maker")
    back = await now(store, images[1])
    assert (back.status, back.attempts, back.lease, back.version) == (S.QUEUED, 0, None, 3)
    assert await now(store, done) == done
    await store.image_jobs.release(job, "maker")
    await store.image_jobs.release("nowhere", "maker")
    assert [i.id for i in await store.image_jobs.claim(job, "heir", 60)] == [images[1].id]


Deed = Callable[[Store, Sequence[Image], str], Awaitable[object]]
DEEDS: dict[str, Deed] = {
    "renew": lambda s, i, t: s.image_jobs.renew(i[0].job, t, 60),
    "complete": lambda s, i, t: s.image_jobs.complete(i[0].job, t, {each.id: painted("zombie") for each in i}),
}
Loss = Callable[[Store, Sequence[Image]], Awaitable[object]]
LOSSES: dict[str, Loss] = {
    "taken over": lambda s, i: s.image_jobs.claim(i[0].job, "heir", 60),
    "released": lambda s, i: s.image_jobs.release(i[0].job, "zombie"),
    "cancelled": lambda s, i: asyncio.gather(*(s.image_jobs.cancel(each.id) for each in i)),
    "deleted": lambda s, i: asyncio.gather(*(s.image_jobs.delete(each.id) for each in i)),
    "completed": lambda s, i: s.image_jobs.complete(i[0].job, "zombie", {each.id: painted() for each in i}),
    "concept deleted": lambda s, i: s.curation.delete_concept(i[0].concept),
}


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("loss", LOSSES)
async def test_a_maker_that_lost_its_lease_does_nothing(store: Store, leaf: ConceptId, deed: str, loss: str) -> None:
    """For whatever reason: it is refused and changes nothing."""
    images = await asked(store, leaf, 2)
    await store.image_jobs.claim(images[0].job, "zombie", 0)
    await LOSSES[loss](store, images)
    before = await records(store)
    with pytest.raises(LeaseLost):
        await DEEDS[deed](store, images, "zombie")
    assert await records(store) == before


@pytest.mark.parametrize("deed", DEEDS)
async def test_without_a_lease_nothing_is_done(store: Store, other: Store, leaf: ConceptId, deed: str) -> None:
    """Neither before the job is claimed, nor by a guess, nor from another workspace, nor where there is no job."""
    free, held = await asked(store, leaf), await asked(store, leaf)
    await store.image_jobs.claim(held[0].job, "maker", 60)
    before = await records(store)
    for where, images, token in (
        (store, free, "maker"),
        (store, held, "guess"),
        (other, held, "maker"),
        (store, [replace(held[0], job="nowhere")], "maker"),
    ):
        with pytest.raises(LeaseLost):
            await DEEDS[deed](where, images, token)
    assert await records(store) == before
    assert await records(other) == []


async def test_a_job_whose_concept_was_deleted_has_nothing_to_make(
    store: Store, database: Database, leaf: ConceptId
) -> None:
    """Before anybody claims it, and after: nothing of it comes back."""
    for held in (False, True):
        [concept] = (await added(store, f"short-lived {held}")).values()
        [image] = await asked(store, concept)
        if held:
            await store.image_jobs.claim(image.job, "maker", 0)
        await store.curation.delete_concept(concept)
        assert not await store.image_jobs.claim(image.job, "heir", 60)
        await store.image_jobs.release(image.job, "maker")
        assert await store.images.get([image.id]) == {}
    assert await database.operations.unowned_images(10) == []
    assert await store.images.count([leaf]) == {leaf: 0}


@pytest.mark.parametrize("status", S)
async def test_an_unfinished_image_can_be_cancelled(store: Store, leaf: ConceptId, status: S) -> None:
    """It is made no more; one that has ended is refused and stays as it is."""
    image = await image_in(store, leaf, status)
    if status not in UNFINISHED:
        with pytest.raises(StatusConflict, match="image") as conflict:
            await store.image_jobs.cancel(image.id)
        assert (conflict.value.status, conflict.value.allowed) == (status, UNFINISHED)
        assert await now(store, image) == image
        return
    cancelled = await store.image_jobs.cancel(image.id)
    assert cancelled == await now(store, image)
    assert (cancelled.status, cancelled.lease, cancelled.version) == (S.CANCELLED, None, image.version + 1)
    assert cancelled.finished is not None
    assert not await store.image_jobs.claim(image.job, "maker", 60)


@pytest.mark.parametrize("status", S)
async def test_an_image_can_be_deleted(store: Store, leaf: ConceptId, status: S) -> None:
    """Whatever its status; the others of its concept stay."""
    kept = await image_in(store, leaf, status)
    image = await image_in(store, leaf, status)
    await store.image_jobs.delete(image.id)
    assert await store.images.get([image.id, kept.id]) == {kept.id: kept}
    with pytest.raises(NotFoundError):
        await store.image_jobs.delete(image.id)


async def test_the_first_image_of_a_job_may_be_deleted(store: Store, database: Database, leaf: ConceptId) -> None:
    """The job is the others' still."""
    images = await asked(store, leaf, 3)
    await store.image_jobs.delete(images[0].id)
    assert await database.operations.unowned_images(10) == [("main", images[0].job)]
    assert [i.id for i in await store.image_jobs.claim(images[0].job, "maker", 60)] == [i.id for i in images[1:]]


async def test_another_workspaces_images_are_not_there(store: Store, other: Store, leaf: ConceptId) -> None:
    """They are neither cancelled nor deleted from here."""
    await added(other, "leaf")
    [image] = await asked(store, leaf)
    for call in (other.image_jobs.cancel, other.image_jobs.delete):
        for id in (image.id, "nowhere"):
            with pytest.raises(NotFoundError):
                await call(id)
    await other.image_jobs.release(image.job, "maker")
    assert await now(store, image) == image
