"""The operations that the project promises, word for word, over HTTP and over a WebSocket."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from tests.support.api import PROMISED, Api, Socket

EVIDENCE = """query Evidence($after: String) { concepts(first: 20, after: $after) { pageInfo { endCursor }
  edges { node { relations(first: 60) { totalCount edges { node { evidence(first: 1) { totalCount } } } } } } } }"""

Ask = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
async def socket(api: Api) -> AsyncIterator[Socket]:
    """A WebSocket whose conversation has begun."""
    async with api.socket() as socket:
        yield socket


@pytest.fixture(params=["http", "websocket"])
def ask(request: pytest.FixtureRequest, api: Api, socket: Socket) -> Ask:
    """Asks one operation, over either transport."""
    return api.data if request.param == "http" else socket.data


@pytest.fixture
async def photosynthesis(ask: Ask, socket: Socket) -> tuple[str, list[dict[str, Any]]]:
    """An exploration of photosynthesis that has ended, and all that its subscriber was told."""
    started = (await ask(PROMISED["Start"], topic="photosynthesis"))["startExploration"]["exploration"]
    assert (started["status"], started["topic"]) == ("QUEUED", "photosynthesis")
    told = [answer["data"]["explorationEvents"] async for answer in socket.results(PROMISED["Watch"], id=started["id"])]
    return started["id"], told


async def test_the_graph_grows_before_its_watcher(ask: Ask, photosynthesis: tuple[str, list[dict[str, Any]]]) -> None:
    """A subscriber is told of 40 concepts, each once, under the numbers 1..n, and the stream ends by itself."""
    id, told = photosynthesis
    assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
    assert told[0]["__typename"] == "ExplorationStarted"
    assert (told[-1]["__typename"], told[-1]["status"]) == ("StatusChanged", "BUDGET_REACHED")
    grown = [event for event in told if event["__typename"] == "GraphGrew"]
    names = [concept["name"] for event in grown for concept in event["concepts"]]
    assert len(names) == len(set(names)) == 40
    ends = {end["name"] for e in grown for r in e["relations"] for end in (r["source"], r["target"])}
    assert ends <= set(names)

    doing = (await ask(PROMISED["Doing"], id=id))["exploration"]
    assert doing["status"] == "BUDGET_REACHED"
    assert doing["reason"].startswith("concepts")
    assert doing["progress"]["conceptsFound"] == doing["spent"]["concepts"] == 40
    assert [edge["node"]["name"] for edge in doing["concepts"]["edges"]] == names[:5]


async def test_a_concept_with_its_relations_and_their_evidence(
    ask: Ask,
    photosynthesis: tuple[str, list[dict[str, Any]]],  # noqa: ARG001 - what is asked about
) -> None:
    """A concept is found by its name, with relations, both ends of each, and what attests them."""
    concept = (await ask(PROMISED["Concept"], name="photosynthesis"))["concept"]
    assert concept["name"] == "Photosynthesis"
    assert concept["summary"]
    relations = concept["relations"]
    assert relations["totalCount"] >= len(relations["edges"]) == 10
    assert relations["pageInfo"] == {"hasNextPage": True, "endCursor": relations["edges"][-1]["cursor"]}
    for relation in (edge["node"] for edge in relations["edges"]):
        assert concept["id"] in {relation["source"]["id"], relation["target"]["id"]}
        [evidence] = [edge["node"] for edge in relation["evidence"]["edges"]]
        assert evidence["quote"]
        assert evidence["source"]["kind"] == "ATLAS"


async def test_every_relation_has_evidence(
    ask: Ask,
    photosynthesis: tuple[str, list[dict[str, Any]]],  # noqa: ARG001 - what is asked about
) -> None:
    """Of a graph of 40 concepts, every relation says where it comes from."""
    first = (await ask(EVIDENCE))["concepts"]
    second = (await ask(EVIDENCE, after=first["pageInfo"]["endCursor"]))["concepts"]
    listed = [edge["node"]["relations"] for edge in first["edges"] + second["edges"]]
    assert len(listed) == 40
    assert all(1 <= relations["totalCount"] == len(relations["edges"]) for relations in listed)
    assert all(edge["node"]["evidence"]["totalCount"] >= 1 for relations in listed for edge in relations["edges"])


async def test_searching(
    ask: Ask,
    photosynthesis: tuple[str, list[dict[str, Any]]],  # noqa: ARG001 - what is asked about
) -> None:
    """A search finds concepts by their words, best first, and shows where the words are."""
    search = (await ask(PROMISED["Find"], text="light"))["search"]
    assert search["totalCount"] >= len(search["edges"]) > 0
    scores = [edge["score"] for edge in search["edges"]]
    assert scores == sorted(scores, reverse=True)
    assert all("«" in edge["snippet"] for edge in search["edges"])


async def test_a_way_between_two_concepts(ask: Ask, photosynthesis: tuple[str, list[dict[str, Any]]]) -> None:
    """Two concepts of one exploration are connected, by hops that end at the second."""
    grown = [event for event in photosynthesis[1] if event["__typename"] == "GraphGrew"]
    start, end = grown[1]["concepts"][0], grown[-1]["concepts"][-1]
    path = (await ask(PROMISED["Way"], a=start["id"], b=end["id"]))["path"]
    assert path["found"]
    assert path["hops"][-1]["concept"]["name"] == end["name"]
    assert all(hop["relation"]["type"] for hop in path["hops"])


async def test_what_lies_around_a_concept(ask: Ask, photosynthesis: tuple[str, list[dict[str, Any]]]) -> None:
    """A neighbourhood of two levels is the whole graph of an exploration of depth 2, with relations among its own."""
    first = next(event for event in photosynthesis[1] if event["__typename"] == "GraphGrew")["concepts"][0]
    around = (await ask(PROMISED["Around"], id=first["id"]))["neighbourhood"]
    assert (around["totalCount"], around["truncated"]) == (40, False)
    assert around["rankedBy"]
    ids = [concept["id"] for concept in around["concepts"]]
    assert ids[0] == first["id"]
    assert len(set(ids)) == 40
    assert {r[end]["id"] for r in around["relations"] for end in ("source", "target")} == set(ids)


async def test_walking_over_all_pages(
    ask: Ask,
    photosynthesis: tuple[str, list[dict[str, Any]]],  # noqa: ARG001 - what is asked about
) -> None:
    """Page after page gives each concept once, in one order, and says where the list ends."""
    names: list[str] = []
    cursor = None
    while True:
        page = (await ask(PROMISED["Page"], first=7, after=cursor))["concepts"]
        assert page["totalCount"] == 40
        assert page["pageInfo"]["hasPreviousPage"] is bool(names)
        assert page["pageInfo"]["startCursor"] == page["edges"][0]["cursor"]
        names += [edge["node"]["name"] for edge in page["edges"]]
        cursor = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert len(names) == len(set(names)) == 40
    assert names == sorted(names, key=str.casefold)


async def test_pictures_of_concepts(
    ask: Ask,
    api: Api,
    socket: Socket,
    photosynthesis: tuple[str, list[dict[str, Any]]],
) -> None:
    """Pictures are asked for, watched until they are there, seen with all that belongs to them, and are PNG files."""
    grown = [event for event in photosynthesis[1] if event["__typename"] == "GraphGrew"]
    names = {concept["id"]: concept["name"] for event in grown[:2] for concept in event["concepts"][:2]}
    images = (await ask(PROMISED["Paint"], ids=list(names)))["generateImages"]["images"]
    queued = [(image["status"], image["provider"], image["concept"]["name"]) for image in images]
    assert queued == [("QUEUED", "mock", name) for name in names.values()]

    results = socket.results(PROMISED["Painting"], ids=[image["id"] for image in images])
    told = [answer["data"]["imageUpdates"] async for answer in results]
    ready = {image["id"]: image["url"] for image in told if image["status"] == "READY"}
    assert ready.keys() == {image["id"] for image in images}
    assert all((image["url"] is None) == (image["status"] != "READY") for image in told)

    for image, (concept, name) in zip(images, names.items(), strict=True):
        seen = (await ask(PROMISED["Seen"], id=image["id"]))["image"]
        assert name in seen.pop("prompt")
        assert seen.pop("model")
        picture = {"width": 512, "height": 512, "mediaType": "image/png", "provider": "mock"}
        bill = {"fallback": False, "cached": False, "costUsd": 0, "conceptVersion": 1, "error": None}
        of = {"id": concept, "name": name}
        assert seen == {
            "id": image["id"],
            "status": "READY",
            "url": ready[image["id"]],
            "concept": of,
            **picture,
            **bill,
        }
        async with api.client.get(seen["url"]) as response:
            assert (response.status, response.content_type) == (200, "image/png")
            assert (await response.read()).startswith(b"\x89PNG\r\n")
        gallery = (await ask(PROMISED["Gallery"], id=concept))["concept"]["images"]
        node = {"id": image["id"], "url": ready[image["id"]], "status": "READY"}
        assert gallery == {"totalCount": 1, "edges": [{"node": node}]}


async def test_who_makes_pictures(ask: Ask) -> None:
    """With nothing set up pictures are drawn; the others say what they need. Nothing is remembered yet."""
    found = await ask(PROMISED["Painters"])
    available = {one["name"]: one["available"] for one in found["imageProviders"]}
    assert available == {"openai": False, "stable-diffusion": False, "mock": True}
    for one in found["imageProviders"]:
        assert (one["reason"] is None) == one["available"]
        assert one["sizes"]
        assert one["formats"]
        assert one["maxBatch"] >= 1
    assert found["imageCache"] == {"backend": "memory", "hits": 0, "misses": 0, "entries": 0, "hitRate": 0}
