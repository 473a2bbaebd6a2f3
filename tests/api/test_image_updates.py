"""Images while they are made: watched, cancelled, and what is told of those that fail."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from continuum.assembly import Parts, assembled
from continuum.settings import Settings
from exploration.activity.port import AgentActivity
from graphstore.model import Image, ImageDraft, ImageError, ImageOptions, Painted
from resolvers.ids import CONCEPT, IMAGE, global_id, raw_id
from tests.api.conftest import serving
from tests.support.api import PROMISED, Api
from tests.support.gallery import SEEN, concepts

CANCEL = "mutation ($id: ID!) { cancelImage(input: {id: $id}) { image { id status } } }"


@pytest.fixture
async def still(settings: Settings) -> AsyncIterator[Parts]:
    """All parts, but nobody looks for images that wait to be made."""
    async with assembled(settings, sweep=False) as parts:
        yield parts


@pytest.fixture
async def slow(still: Parts) -> AsyncIterator[Api]:
    """A client of a server at which images are made by the test itself."""
    async with serving(still) as api:
        yield api


async def begun(api: Api, parts: Parts, name: str = "Cat", count: int = 1) -> list[Image]:
    """Images of a concept, one job, which somebody has begun to make as `token`."""
    [id] = await concepts(api, name)
    jobs = parts.database.within("main").image_jobs
    draft = ImageDraft(raw_id("id", id, CONCEPT), count, ImageOptions("mock", "512x512", seed=2**32 - 2))
    images = await jobs.request([draft])
    return list(await jobs.claim(images[0].job, "token", 60))


async def failed(parts: Parts, image: Image) -> None:
    """Have an image end, and its watchers hear of it."""
    error = ImageError("CONTENT_POLICY", "its rules forbid that")
    jobs = parts.database.within("main").image_jobs
    [ended] = await jobs.complete(image.job, "token", {image.id: Painted("a cat", 1, error)})
    await parts.feed.announce(("main", image.id), ended.version)


async def test_an_image_is_cancelled(slow: Api, still: Parts) -> None:
    """An image that is wanted no longer is CANCELLED, once; its watchers hear of it, and are done."""
    [image] = await begun(slow, still)
    id = global_id(IMAGE, image.id)
    async with slow.socket() as socket:
        results = socket.results(PROMISED["Painting"], ids=[id])
        assert (await anext(results))["data"]["imageUpdates"]["status"] == "GENERATING"
        assert (await slow.data(CANCEL, id=id))["cancelImage"]["image"] == {"id": id, "status": "CANCELLED"}
        assert [result["data"]["imageUpdates"]["status"] async for result in results] == ["CANCELLED"]
    error = await slow.error(CANCEL, id=id)
    assert (error["code"], error["status"]) == ("CONFLICT", "CANCELLED")
    assert error["allowed"] == ["GENERATING", "QUEUED"]
    assert (await slow.error(CANCEL, id=global_id(IMAGE, "none")))["code"] == "NOT_FOUND"


async def test_watching_begins_with_what_is_and_ends_with_the_last(slow: Api, still: Parts) -> None:
    """Each image is told as it is now, then each change with all that belongs to it as it is then, until all ended."""
    query = "subscription ($ids: [ID!]!) { imageUpdates(ids: $ids) { id status error { code } concept { name } } }"
    [first], [second] = await begun(slow, still), await begun(slow, still, "Dog")
    await failed(still, first)
    ids = [global_id(IMAGE, image.id) for image in (first, second)]
    async with slow.socket() as socket:
        results = socket.results(query, ids=ids)
        now = [(await anext(results))["data"]["imageUpdates"] for _ in ids]
        assert [(image["id"], image["status"]) for image in now] == [(ids[0], "FAILED"), (ids[1], "GENERATING")]
        rename = """mutation ($id: ID!) { updateConcept(input: {id: $id, expectedVersion: 1, name: "Hound"}) {
          concept { id } } }"""
        await slow.data(rename, id=global_id(CONCEPT, second.concept))
        await failed(still, second)
        [last] = [result["data"]["imageUpdates"] async for result in results]
    error = {"code": "CONTENT_POLICY"}
    assert last == {"id": ids[1], "status": "FAILED", "error": error, "concept": {"name": "Hound"}}


async def test_how_far_an_image_is(slow: Api, still: Parts) -> None:
    """While somebody works on an image its progress is what that one reports; before, and once it failed, unknown."""
    query = "query ($id: ID!) { image(id: $id) { progress } }"
    [image] = await begun(slow, still)
    id, ref = global_id(IMAGE, image.id), ("main", image.id)
    assert (await slow.data(query, id=id))["image"] == {"progress": None}
    await still.activity.report(ref, AgentActivity("painter", "Cat", image.id, datetime.now(UTC), 0.25))
    assert (await slow.data(query, id=id))["image"] == {"progress": 0.25}
    await failed(still, image)
    assert (await slow.data(query, id=id))["image"] == {"progress": None}


async def test_a_failed_image_says_why(slow: Api, still: Parts) -> None:
    """What a client has to decide on is data: an image that failed has a code and words, and no picture."""
    [image] = await begun(slow, still)
    await failed(still, image)
    seen = (await slow.data(SEEN, id=global_id(IMAGE, image.id)))["image"]
    assert (seen["status"], seen["error"]) == ("FAILED", {"code": "CONTENT_POLICY", "message": "its rules forbid that"})
    pictured = ("url", "thumbnailUrl", "width", "height", "mediaType", "bytes", "model", "costUsd", "fallbackReason")
    assert {seen[name] for name in pictured} == {None}
    assert (seen["provider"], seen["prompt"], seen["conceptVersion"], seen["seed"]) == ("mock", "a cat", 1, 2**32 - 2)


@pytest.mark.parametrize(
    ("ids", "code"),
    [
        ([], "BAD_USER_INPUT"),
        ([global_id(IMAGE, str(n)) for n in range(101)], "BAD_USER_INPUT"),
        ([global_id(CONCEPT, "x")], "BAD_USER_INPUT"),
        ([global_id(IMAGE, "none")], "NOT_FOUND"),
    ],
)
async def test_what_cannot_be_watched_is_told(api: Api, ids: list[str], code: str) -> None:
    """1 to 100 images can be watched, which must be there: the stream ends with an error that says so."""
    async with api.socket() as socket:
        [answer] = [result async for result in socket.results(PROMISED["Painting"], ids=ids)]
    [error] = answer["errors"]
    assert error["extensions"]["code"] == code
