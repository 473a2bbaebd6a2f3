"""Reading images, and what becomes of them with their concepts."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from graphstore.model import ConceptId, Image, ImageStatus, Page, PageRequest
from graphstore.port import Database, Store
from tests.support.claims import added, asked, image_in, painted, picture, wanted
from tests.support.pages import check_pages
from tests.support.snapshots import content, records

S = ImageStatus
ALL = PageRequest(1_000)


async def images_of(store: Store, concept: ConceptId) -> list[Image]:
    """All images of a concept, newest first."""
    return [item.value for item in (await store.images.of([concept], ALL))[concept].items]


async def made(store: Store, concept: ConceptId, content: str = "a") -> Image:
    """A READY image of a concept."""
    [image] = await asked(store, concept)
    await store.image_jobs.claim(image.job, "maker", 60)
    [done] = await store.image_jobs.complete(image.job, "maker", {image.id: painted(content)})
    return done


async def test_images_are_read_by_id(store: Store, other: Store) -> None:
    """In every status, as they were answered when they came into it; in this workspace only."""
    [leaf] = (await added(store, "leaf")).values()
    images = {image.id: image for image in [await image_in(store, leaf, status) for status in S]}
    assert await store.images.get([*images, "nowhere", "\0"]) == images
    assert await other.images.get(list(images)) == {}
    assert await store.images.get([]) == {}


async def test_a_concepts_images_come_in_pages_newest_first(store: Store, other: Store) -> None:
    """Whatever their status, and also where many were asked for at one moment."""
    ids = await added(store, "leaf", "root")
    leaf, root = ids["leaf"], ids["root"]
    await store.image_jobs.request([wanted(leaf, 2), wanted(root), wanted(leaf, 3)])
    for status in S:
        await image_in(store, leaf, status)

    async def fetch(request: PageRequest) -> Page[Image]:
        return (await store.images.of([root, leaf, "nowhere"], request))[leaf]

    found = await check_pages(fetch)
    assert [(i.created, i.id) for i in found] == sorted(((i.created, i.id) for i in found), reverse=True)
    assert {i.concept for i in found} == {leaf}
    assert [i.status for i in found] == [*list(S)[::-1], *[S.QUEUED] * 5]
    assert len(await images_of(store, root)) == 1
    assert await images_of(other, leaf) == []
    assert await store.images.of([], ALL) == {}


async def test_a_concepts_images_are_counted(store: Store, other: Store) -> None:
    """Of each concept that was asked, none included."""
    ids = await added(store, "leaf", "root", "stem")
    await store.image_jobs.request([wanted(ids["leaf"], 3), wanted(ids["root"])])
    await image_in(store, ids["root"], S.CANCELLED)
    asked_of = [*ids.values(), "nowhere"]
    assert list((await store.images.count(asked_of)).values()) == [3, 2, 0, 0]
    assert set((await other.images.count(asked_of)).values()) == {0}
    assert await store.images.count([]) == {}


async def test_digests_that_some_image_has_are_told(store: Store, other: Store) -> None:
    """However many have them; after the last one is deleted, none; other workspaces keep their own bytes."""
    [leaf] = (await added(store, "leaf")).values()
    first, second = await made(store, leaf, "one"), await made(store, leaf, "one")
    await made(store, leaf, "two")
    one, two, three = (picture(name).digest for name in ("one", "two", "three"))
    assert await store.images.shown([one, two, three, one]) == {one, two}
    assert await other.images.shown([one, two]) == frozenset()
    assert await store.images.shown([]) == frozenset()
    await store.image_jobs.delete(first.id)
    assert await store.images.shown([one]) == {one}
    await store.image_jobs.delete(second.id)
    assert await store.images.shown([one, two]) == {two}


@pytest.mark.parametrize("status", S)
async def test_a_deleted_concept_takes_its_images_along(store: Store, other: Store, status: S) -> None:
    """Whatever their status, also those of concepts that were merged into it; others keep theirs."""
    ids, foreign = await added(store, "leaf", "frond", "root"), await added(other, "leaf")
    for name in ids:
        await image_in(store, ids[name], status)
    kept = await image_in(other, foreign["leaf"], status)
    await store.curation.merge(ids["leaf"], [ids["frond"]])
    await store.curation.delete_concept(ids["leaf"])
    assert [r.concept for r in await records(store) if isinstance(r, Image)] == [ids["root"]]
    assert await images_of(other, foreign["leaf"]) == [kept]


async def test_images_go_along_with_a_merge_and_come_back(store: Store) -> None:
    """The concept that is left shows those of both; parted again, each has its own, as it was."""
    ids = await added(store, "a", "b", "c")
    own = {name: (await made(store, id)).id for name, id in ids.items()}
    await asked(store, ids["b"], 2)
    before = await content(store)
    await store.curation.merge(ids["a"], [ids["b"]])
    found = await images_of(store, ids["a"])
    assert len(found) == 4
    assert {i.made_for for i in found if i.id != own["a"]} == {ids["b"]}
    assert list((await store.images.count([ids["a"], ids["b"], ids["c"]])).values()) == [4, 0, 1]
    await store.curation.unmerge(ids["b"])
    assert await content(store) == before


@pytest.mark.parametrize("undone", ["ab", "ba"])
async def test_images_follow_a_chain_of_merges_back_in_any_order(store: Store, undone: str) -> None:
    """With a in b and b in c, all are of c; each unmerge takes out those of its own family."""
    ids = await added(store, "a", "b", "c")
    own = {name: (await made(store, id)).id for name, id in ids.items()}
    before = await content(store)
    await store.curation.merge(ids["b"], [ids["a"]])
    await store.curation.merge(ids["c"], [ids["b"]])
    assert {i.id for i in await images_of(store, ids["c"])} == set(own.values())
    await store.curation.unmerge(ids[undone[0]])
    left = {"a": "bc", "b": "c"}[undone[0]]
    assert {i.id for i in await images_of(store, ids["c"])} == {own[name] for name in left}
    await store.curation.unmerge(ids[undone[1]])
    assert await content(store) == before


async def test_an_image_that_was_asked_for_after_a_merge_stays(store: Store) -> None:
    """By the merged concept's old id it is asked of the one that is left, and is that one's own."""
    ids = await added(store, "a", "b")
    await store.curation.merge(ids["a"], [ids["b"]])
    [late] = await asked(store, ids["b"])
    assert (late.concept, late.made_for) == (ids["a"], ids["a"])
    await store.curation.unmerge(ids["b"])
    assert await images_of(store, ids["a"]) == [late]
    assert await images_of(store, ids["b"]) == []


async def test_a_moved_image_is_made_all_the_same(store: Store) -> None:
    """A merge and its undoing in the midst of the work disturb nobody."""
    ids = await added(store, "a", "b")
    [image] = await asked(store, ids["b"])
    await store.image_jobs.claim(image.job, "maker", 60)
    await store.curation.merge(ids["a"], [ids["b"]])
    [moved] = await store.image_jobs.renew(image.job, "maker", 60)
    assert (moved.concept, moved.made_for) == (ids["a"], ids["b"])
    [done] = await store.image_jobs.complete(image.job, "maker", {image.id: painted()})
    assert (done.concept, done.status) == (ids["a"], S.READY)
    await store.curation.unmerge(ids["b"])
    assert [(i.id, i.status) for i in await images_of(store, ids["b"])] == [(image.id, S.READY)]


async def test_a_merge_undoes_nothing_that_happens_to_images_meanwhile(
    opener: Callable[[], Awaitable[Database]],
) -> None:
    """Whatever the timing, over several processes: what was deleted stays so, and so does what was cancelled or
    claimed, and all that is left is of the one concept."""
    ours, theirs = [(await opener()).within("main") for _ in range(2)]
    ids = await added(ours, "a", "b")
    images = [(await asked(ours, ids["b"]))[0] for _ in range(12)]
    deeds = (
        lambda i: theirs.image_jobs.delete(i.id),
        lambda i: theirs.image_jobs.cancel(i.id),
        lambda i: theirs.image_jobs.claim(i.job, "maker", 3_600),
    )
    await asyncio.gather(
        *(deeds[n % 3](image) for n, image in enumerate(images)), ours.curation.merge(ids["a"], [ids["b"]])
    )
    left = await images_of(ours, ids["a"])
    assert {i.id: i.status for i in left} == {
        image.id: (S.CANCELLED, S.GENERATING)[n % 3 - 1] for n, image in enumerate(images) if n % 3
    }
    assert all(i.lease for i in left if i.status is S.GENERATING)
