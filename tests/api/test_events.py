"""Watching explorations over the wire: each event once, in order, wherever a client comes back."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import ClientResponse

from continuum import posts
from continuum.assembly import Parts, assembled
from continuum.settings import Settings
from providers.errors import GarbledError, RefusedError
from tests.api.conftest import serving
from tests.support.api import PROMISED, Api, explored
from tests.support.counting import CountedDatabase
from tests.support.exploring import TREE, Scripted, until

WATCH = PROMISED["Watch"]
START_DEEP = """mutation { startExploration(input: {topic: "photosynthesis", depth: 3, breadth: 6}) {
  exploration { id } } }"""
EVENT_STREAM = {"Accept": "text/event-stream"}


def event(result: dict[str, Any]) -> dict[str, Any]:
    """The event that a result tells of."""
    assert "errors" not in result, result["errors"]
    told: dict[str, Any] = result["data"]["explorationEvents"]
    return told


@pytest.mark.parametrize("seed", range(3))
async def test_a_client_that_comes_back_sees_each_event_once(api: Api, seed: int) -> None:
    """Ten times the connection is lost at some moment, and the client goes on after the last event it saw."""
    chance = random.Random(seed)
    id = (await api.data(START_DEEP))["startExploration"]["exploration"]["id"]
    seen: list[int] = []
    for _ in range(10):
        async with api.socket() as socket:
            results = socket.results(WATCH, id=id, after=seen[-1] if seen else None)
            seen += [event(await anext(results))["seq"] for _ in range(chance.randrange(4))]
            client = socket.connection._response.connection
            assert client is not None
            assert client.transport is not None
            client.transport.abort()
    async with api.socket() as socket:
        async for result in socket.results(WATCH, id=id, after=seen[-1] if seen else None):
            seen.append(event(result)["seq"])
            last = event(result)
    assert seen == list(range(1, len(seen) + 1))
    assert len(seen) > 30
    assert last["__typename"] == "StatusChanged"
    assert last["status"] == "COMPLETED"


async def test_the_replayed_events_are_the_stored_members(api: Api) -> None:
    """What the events told of, in order, is what the exploration holds, and so is what `events` reads."""
    id = await explored(api)
    async with api.socket() as socket:
        told = [event(result) async for result in socket.results(WATCH, id=id)]
    names = [concept["name"] for one in told if one["__typename"] == "GraphGrew" for concept in one["concepts"]]
    query = """query ($id: ID!) { exploration(id: $id) { lastSeq concepts(first: 100) { totalCount
      edges { created seq node { name } } }
      events(after: 2, first: 100) { __typename seq
        ... on GraphGrew { created { name } step { state concept { name } } } } } }"""
    stored = (await api.data(query, id=id))["exploration"]
    assert [edge["node"]["name"] for edge in stored["concepts"]["edges"]] == names
    assert stored["concepts"]["totalCount"] == len(names)
    assert [(e["__typename"], e["seq"]) for e in stored["events"]] == [(e["__typename"], e["seq"]) for e in told[2:]]
    assert stored["lastSeq"] == told[-1]["seq"]
    grown = [one for one in stored["events"] if one["__typename"] == "GraphGrew"]
    assert [concept["name"] for one in grown for concept in one["created"]] == names
    assert grown[0]["step"] == {"state": "DONE", "concept": {"name": "Photosynthesis"}}


async def test_delivering_an_event_reads_nothing(parts: Parts) -> None:
    """However many events a subscriber is told of, their delivery asks nothing of the store."""
    counted = CountedDatabase(parts.database)
    async with serving(replace(parts, database=counted)) as api:  # type: ignore[arg-type]
        id = await explored(api)
        counted.calls.clear()
        async with api.socket() as socket:
            told = [event(result) async for result in socket.results(WATCH, id=id)]
    assert len(told) > 5
    assert counted.calls == {"explorations.get": 1}


async def test_telling_of_a_picture_reads_nothing(parts: Parts) -> None:
    """The image comes with its event, and so does the concept that it shows."""
    start = """mutation { startExploration(input: {topic: "photosynthesis", depth: 1, breadth: 3, pictures: {}}) {
      exploration { id } } }"""
    watch = """subscription ($id: ID!) { explorationEvents(id: $id) { __typename
      ... on ImageReady { image { url concept { name } } } } }"""
    counted = CountedDatabase(parts.database)
    async with serving(replace(parts, database=counted)) as api, api.socket() as socket:  # type: ignore[arg-type]
        id = (await api.data(start))["startExploration"]["exploration"]["id"]
        counted.calls.clear()
        told = [event(result) async for result in socket.results(watch, id=id)]
    images = [one["image"] for one in told if one["__typename"] == "ImageReady"]
    assert len({image["concept"]["name"] for image in images if image["url"]}) == 4
    assert counted.calls == {"explorations.get": 1}


async def test_what_could_not_be_used_is_kept_for_inspection(settings: Settings) -> None:
    """A step that failed for a garbled answer has that answer, word for word."""

    def garble(name: str, _attempt: int) -> Exception | None:
        return GarbledError("this is no JSON", answer="Dear user,") if name == "b" else None

    source = Scripted(TREE, fail=garble)
    asking = settings.model_copy(update={"knowledge_sources": ("scripted",)})
    query = """query ($id: ID!) { exploration(id: $id) {
      steps(filter: {states: [FAILED]}) { edges { node { answer error } } } } }"""
    async with assembled(asking, sources={"scripted": lambda _: source}) as parts, serving(parts) as api:
        id = await explored(api, "a")
        [edge] = (await api.data(query, id=id))["exploration"]["steps"]["edges"]
    assert edge["node"]["answer"] == "Dear user,"
    assert "this is no JSON" in edge["node"]["error"]


async def test_what_was_deleted_is_left_out(api: Api) -> None:
    """An event tells of a concept as it is now, and not at all once it is deleted."""
    id = await explored(api)
    async with api.socket() as socket:
        before = [event(result) async for result in socket.results(WATCH, id=id)]
        gone, changed = next(one for one in before if one["__typename"] == "GraphGrew")["concepts"][1:3]
        delete = "mutation ($id: ID!) { deleteConcept(input: {id: $id}) { deletedId } }"
        await api.data(delete, id=gone["id"])
        rename = """mutation ($id: ID!) { updateConcept(input: {id: $id, expectedVersion: 1, name: "Renamed"}) {
          concept { id } } }"""
        await api.data(rename, id=changed["id"])
        after = [event(result) async for result in socket.results(WATCH, id=id)]
    assert [one["seq"] for one in after] == [one["seq"] for one in before]
    told = [concept for one in after if one["__typename"] == "GraphGrew" for concept in one["concepts"]]
    assert gone["id"] not in {concept["id"] for concept in told}
    assert {"id": changed["id"], "name": "Renamed"} in told
    relations = [relation for one in after if one["__typename"] == "GraphGrew" for relation in one["relations"]]
    assert gone["name"] not in {r[end]["name"] for r in relations for end in ("source", "target")}


async def test_history_that_is_gone_is_told(api: Api, parts: Parts) -> None:
    """A client that asks for events that are no longer kept is told from where on they are."""
    id = await explored(api)
    last = (await api.data("query ($id: ID!) { exploration(id: $id) { lastSeq } }", id=id))["exploration"]["lastSeq"]
    assert await parts.database.operations.trim(datetime.now(UTC) + timedelta(days=1)) == last
    query = """subscription ($id: ID!, $after: Int) { explorationEvents(id: $id, after: $after) { __typename seq at
      progress { conceptsFound } exploration { id } ... on HistoryTrimmed { oldestSeq } } }"""
    async with api.socket() as socket:
        [told] = [event(result) async for result in socket.results(query, id=id)]
        assert told.pop("at")
        progress = {"conceptsFound": 40}
        trimmed = {"__typename": "HistoryTrimmed", "seq": last, "oldestSeq": last + 1, "progress": progress}
        assert told == {**trimmed, "exploration": {"id": id}}
        assert [result async for result in socket.results(query, id=id, after=last)] == []


async def test_failed_steps_are_told(settings: Settings) -> None:
    """A step that fails says why, and whether it is tried again; the rest goes on."""

    def fail(name: str, _attempt: int) -> Exception | None:
        return RefusedError("no comment") if name == "b" else None

    source = Scripted(TREE, fail=fail)
    asking = settings.model_copy(update={"knowledge_sources": ("scripted",)})
    query = """subscription ($id: ID!) { explorationEvents(id: $id) { __typename
      ... on StepFailed { error willRetry step { state error concept { name } } } } }"""
    async with assembled(asking, sources={"scripted": lambda _: source}) as parts, serving(parts) as api:
        id = await explored(api, "a")
        async with api.socket() as socket:
            told = [event(result) async for result in socket.results(query, id=id)]
        failed = [one for one in told if one["__typename"] == "StepFailed"]
        steps = """query ($id: ID!) { exploration(id: $id) { progress { stepsFailed }
          steps(filter: {states: [FAILED]}) { totalCount edges { node { id state attempts } } } } }"""
        found = (await api.data(steps, id=id))["exploration"]
        again = "query ($id: ID!) { node(id: $id) { ... on Step { state } } }"
        step = found["steps"]["edges"][0]["node"]
        assert (await api.data(again, id=step["id"]))["node"] == {"state": "FAILED"}
    assert failed[-1]["willRetry"] is False
    assert "no comment" in failed[-1]["error"]
    assert failed[-1]["step"]["concept"] == {"name": "b"}
    assert found["steps"]["totalCount"] == found["progress"]["stepsFailed"] == 1


async def test_live_activity(settings: Settings) -> None:
    """While agents work, an exploration tells which ones, and on what."""
    source = Scripted(TREE, gate=asyncio.Event())
    asking = settings.model_copy(update={"knowledge_sources": ("scripted",)})
    query = "query ($id: ID!) { exploration(id: $id) { activity { agent subject since } } }"
    async with assembled(asking, sources={"scripted": lambda _: source}) as parts, serving(parts) as api:
        id = (await api.data(PROMISED["Start"], topic="a"))["startExploration"]["exploration"]["id"]

        async def at_work() -> bool:
            return bool((await api.data(query, id=id))["exploration"]["activity"])

        await until(at_work)
        [doing] = (await api.data(query, id=id))["exploration"]["activity"]
    assert (doing["agent"], doing["subject"]) == ("research", "a")


async def streamed(response: ClientResponse) -> AsyncIterator[tuple[str, Any]]:
    """Events of a stream: kind and data."""
    assert (response.status, response.content_type) == (200, "text/event-stream")
    kind = ""
    async for line in response.content:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            yield kind, json.loads(value) if value else None


async def test_watching_over_an_event_stream(api: Api) -> None:
    """A stream of events over POST tells the same, and says when it is complete."""
    id = await explored(api)
    body = {"query": WATCH, "variables": {"id": id, "after": 2}}
    async with api.send(body, headers=EVENT_STREAM) as response:
        told = [one async for one in streamed(response)]
    assert [kind for kind, _ in told] == ["next"] * (len(told) - 1) + ["complete"]
    assert [event(data)["seq"] for kind, data in told if kind == "next"] == list(range(3, len(told) + 2))


@pytest.mark.parametrize(
    ("query", "code"),
    [("{ server { version } }", None), ("{ nonsense }", "GRAPHQL_VALIDATION_FAILED"), ("{", "GRAPHQL_PARSE_FAILED")],
)
async def test_one_answer_over_an_event_stream(api: Api, query: str, code: str | None) -> None:
    """Whoever accepts streams only gets all answers in that form."""
    async with api.send({"query": query}, headers=EVENT_STREAM) as response:
        (kind, answer), end = [one async for one in streamed(response)]
    assert (kind, end) == ("next", ("complete", None))
    assert [error["extensions"]["code"] for error in answer.get("errors", [])] == ([code] if code else [])


async def test_a_silent_stream_shows_that_it_is_alive_and_ends_with_its_client_or_the_server(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While nothing happens comments are sent; a client that leaves, and a server that stops, end the watching."""
    monkeypatch.setattr(posts, "HEARTBEAT_SECONDS", 0.02)
    source = Scripted(TREE, gate=asyncio.Event())
    asking = settings.model_copy(update={"knowledge_sources": ("scripted",)})
    async with assembled(asking, sources={"scripted": lambda _: source}) as parts, serving(parts) as api:
        id = (await api.data(PROMISED["Start"], topic="a"))["startExploration"]["exploration"]["id"]
        body = {"query": WATCH, "variables": {"id": id}}

        async def alive(response: ClientResponse) -> None:
            while not (await response.content.readline()).startswith(b":"):
                assert not response.content.at_eof()

        async def nobody_watches() -> bool:
            return not parts.watch._tails

        async def somebody_watches() -> bool:
            return bool(parts.watch._tails)

        async with api.send(body, headers=EVENT_STREAM) as response:
            await alive(response)
            await until(somebody_watches)
        await until(nobody_watches)

        async with api.send(body, headers=EVENT_STREAM) as response:
            await alive(response)
            endpoint: Any = next(e for e in api.client.app.on_shutdown if "GraphQLEndpoint" in repr(e))
            await endpoint.__self__.close_sockets()
            await until(nobody_watches)
