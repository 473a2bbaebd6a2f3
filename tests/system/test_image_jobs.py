"""Images made by real processes: paid once, whoever asks, and however their makers die."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import PIL.Image
import pytest

from tests.support.exploring import until
from tests.support.fake_openai import FakeOpenAi, fake_openai
from tests.support.processes import OurProcess, ServerProcess, server, worker

pytestmark = pytest.mark.system

ADD = """mutation Add($names: [ConceptInput!]!) { addKnowledge(input: {concepts: $names}) { concepts { id } } }"""
PAINT = """mutation Paint($ids: [ID!]!, $provider: String, $fallback: Boolean) {
  generateImages(input: {conceptIds: $ids, provider: $provider, fallback: $fallback}) { images { id status } } }"""
SEEN = """query Seen($ids: [ID!]!) { nodes(ids: $ids) { ... on Image {
  id status url width height mediaType prompt provider model fallback cached costUsd conceptVersion
  error { code message } concept { id name } } } }"""
EXPLORE = """mutation { startExploration(input: {
  topic: "photosynthesis", depth: 2, pictures: {size: "512x512"}, budget: {concepts: 20}
}) { exploration { id } } }"""
PROGRESS = """query Progress($id: ID!) { exploration(id: $id) { status spent { pictures } progress { stepsPending }
  concepts(first: 100) { edges { node { images(first: 5) { totalCount edges { node { status } } } } } } } }"""
LEASE = {"lease_seconds": 1}


@pytest.fixture
async def openai() -> AsyncIterator[FakeOpenAi]:
    """A provider that takes its time."""
    async with fake_openai() as fake:
        fake.seconds = 1.5
        yield fake


def asking(openai: FakeOpenAi, **settings: object) -> dict[str, Any]:
    """The settings of processes that ask this provider."""
    return {"openai_base_url": f"{openai.address}/v1", "openai_api_key": "sk-test", **LEASE, **settings}


async def concepts(running: ServerProcess, *names: str) -> list[str]:
    """The ids of new concepts."""
    added = await running.graphql(ADD, names=[{"name": name} for name in names])
    return [concept["id"] for concept in added["addKnowledge"]["concepts"]]


async def painted(running: ServerProcess, *ids: str, provider: str | None = None) -> list[str]:
    """The ids of images that are asked for."""
    asked = await running.graphql(PAINT, ids=ids, provider=provider, fallback=provider != "openai")
    assert {image["status"] for image in asked["generateImages"]["images"]} == {"QUEUED"}
    return [image["id"] for image in asked["generateImages"]["images"]]


async def seen(running: ServerProcess, ids: Sequence[str]) -> list[dict[str, Any]]:
    """The images as they are now."""
    found: list[dict[str, Any]] = (await running.graphql(SEEN, ids=ids))["nodes"]
    return found


async def ended(running: ServerProcess, ids: Sequence[str], seconds: float = 30) -> list[dict[str, Any]]:
    """Wait until the images have ended; they as they are then."""

    async def have_ended() -> bool:
        return not {image["status"] for image in await seen(running, ids)} & {"QUEUED", "GENERATING"}

    await until(have_ended, seconds, every=0.1)
    return await seen(running, ids)


async def fetched(running: OurProcess, path: str) -> tuple[str, bytes]:
    """Media type and bytes of what is served there."""
    async with aiohttp.ClientSession() as session, session.get(f"{running.address}{path}") as response:
        assert response.status == 200
        return response.content_type, await response.read()


async def is_asked(openai: FakeOpenAi) -> None:
    """Wait until the provider was called."""
    async with asyncio.timeout(20):
        await openai.heard.wait()


async def test_with_nothing_configured_there_are_real_pictures(tmp_path: Path) -> None:
    """No key, no server: an image is drawn, and its address gives a PNG of its size."""
    async with server(tmp_path / "data") as running:
        [leaf] = await concepts(running, "Leaf")
        [image] = await ended(running, await painted(running, leaf, provider="mock"))
        assert (image["status"], image["provider"], image["error"]) == ("READY", "mock", None)
        media_type, content = await fetched(running, image["url"])
    picture = PIL.Image.open(BytesIO(content))
    assert (media_type, picture.format, picture.size) == ("image/png", "PNG", (image["width"], image["height"]))


async def test_each_concept_of_an_exploration_gets_a_picture(tmp_path: Path) -> None:
    """Twenty concepts, and twenty pictures that appear while it runs."""
    async with server(tmp_path / "data") as running:
        id = (await running.graphql(EXPLORE))["startExploration"]["exploration"]["id"]
        early: list[int] = []

        async def has_ended() -> bool:
            found = (await running.graphql(PROGRESS, id=id))["exploration"]
            if found["status"] == "RUNNING":
                early.append(found["spent"]["pictures"])
            return found["status"] in {"COMPLETED", "BUDGET_REACHED", "FAILED"}

        await until(has_ended, seconds=90, every=0.05)
        found = (await running.graphql(PROGRESS, id=id))["exploration"]
    galleries = [edge["node"]["images"] for edge in found["concepts"]["edges"]]
    assert [gallery["totalCount"] for gallery in galleries] == [1] * 20
    assert {edge["node"]["status"] for gallery in galleries for edge in gallery["edges"]} == {"READY"}
    assert any(0 < pictures < 20 for pictures in early)


async def test_a_server_that_is_killed_in_mid_call_pays_once_more_at_most(tmp_path: Path, openai: FakeOpenAi) -> None:
    """The next start makes the image by itself; none stays GENERATING."""
    settings = asking(openai)
    async with server(tmp_path / "data", **settings) as running:
        [leaf] = await concepts(running, "Leaf")
        ids = await painted(running, leaf, provider="openai")
        await is_asked(openai)
        assert {image["status"] for image in await seen(running, ids)} == {"GENERATING"}
        await running.kill()
    async with server(tmp_path / "data", **settings) as running:
        [image] = await ended(running, ids)
    assert (image["status"], image["provider"], len(openai.asked)) == ("READY", "openai", 2)


async def test_a_server_that_stops_hands_back_what_it_makes(tmp_path: Path, openai: FakeOpenAi) -> None:
    """SIGTERM: what can be finished in time is; nothing is paid for twice then."""
    async with server(tmp_path / "data", **asking(openai)) as running:
        [leaf] = await concepts(running, "Leaf")
        ids = await painted(running, leaf, provider="openai")
        await is_asked(openai)
        assert await running.terminate() == 0
    async with server(tmp_path / "data", **asking(openai)) as running:
        [image] = await seen(running, ids)
    assert (image["status"], len(openai.asked)) == ("READY", 1)


async def test_a_worker_that_is_killed_in_mid_call_pays_once_more_at_most(
    tmp_path: Path, openai: FakeOpenAi, redis_url: str
) -> None:
    """Another worker makes what it had begun, equal images by one call for all of them."""
    settings = asking(openai, redis_url=redis_url)
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(server(tmp_path / "data", **settings))
        doomed = await stack.enter_async_context(worker(tmp_path / "data", **settings))
        [leaf] = await concepts(running, "Leaf")
        ids = [id for _ in range(4) for id in await painted(running, leaf, provider="openai")]
        await is_asked(openai)
        await doomed.kill()
        await stack.enter_async_context(worker(tmp_path / "data", **settings))
        made = await ended(running, ids)
    assert {(image["status"], image["provider"]) for image in made} == {("READY", "openai")}
    assert len(openai.asked) == 2
    assert sorted(image["cached"] for image in made) == [False, True, True, True]


async def test_a_hundred_equal_requests_are_one_call(tmp_path: Path, openai: FakeOpenAi, redis_url: str) -> None:
    """At the same moment, over two servers and two workers: each gets its image, one of them costs something."""
    settings = asking(openai, redis_url=redis_url)
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(server(tmp_path / "data", **settings)) for _ in range(2)]
        for _ in range(2):
            await stack.enter_async_context(worker(tmp_path / "data", **settings))
        [leaf] = await concepts(servers[0], "Leaf")
        asked = await asyncio.gather(*(painted(servers[n % 2], leaf, provider="openai") for n in range(100)))
        made = await ended(servers[0], [id for ids in asked for id in ids], seconds=60)
    assert {image["status"] for image in made} == {"READY"}
    assert len({image["id"] for image in made}) == 100
    assert len(openai.asked) == 1
    assert sum(image["costUsd"] > 0 for image in made) == 1
    assert sum(image["cached"] for image in made) == 99


@pytest.mark.parametrize("mood", ["bomb", "heavy", "truncated", "no picture"])
async def test_what_is_no_picture_is_failed_with_a_reason(tmp_path: Path, openai: FakeOpenAi, mood: str) -> None:
    """Whatever a provider delivers, nothing of it is kept."""
    openai.moods.append(mood)
    async with server(tmp_path / "data", **asking(openai)) as running:
        [leaf] = await concepts(running, "Leaf")
        [image] = await ended(running, await painted(running, leaf, provider="openai"))
        assert (image["status"], image["url"], image["error"]["code"]) == ("FAILED", None, "BAD_PICTURE")
        status, body = await running.ready()
    assert (status, body["status"]) == (200, "ready")
