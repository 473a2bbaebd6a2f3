"""What is seen of GraphQL operations: figures and spans. None of it has a client's words in it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import fields, replace
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import REGISTRY

from continuum.app import Server
from continuum.assembly import Parts, assembled
from continuum.settings import Settings
from graphstore.model import EventKind
from resolvers.explorations import _SENT
from schema.exploration import KINDS
from schema.limits import Limits
from telemetry.metrics.graphql import Reason
from tests.api.conftest import serving
from tests.support.api import PROMISED, Api, explored
from tests.support.exploring import TREE, Scripted, until
from tests.support.fake_collector import seen_spans
from tests.support.figures import Moved

VERSION = "{ server { version } }"
WRONG_ID = '{ server { version } concept(id: "x") { id } }'
CANCEL = 'mutation { cancelExploration(input: {id: "x"}) { exploration { id } } }'
WATCH = "subscription ($id: ID!, $after: Int) { explorationEvents(id: $id, after: $after) { __typename } }"
MANY = " ".join(f"a{n}: __typename" for n in range(60))


def operations(moved: Moved) -> dict[tuple[str, ...], float]:
    """By type, name and outcome: how many operations were counted."""
    return moved.all("graphql_operations_total")


def sample(name: str, **labels: str) -> float:
    """What a figure is now."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.mark.parametrize(
    ("query", "at"),
    [
        (VERSION, ("query", "anonymous", "ok")),
        ("query Concept { server { version } }", ("query", "Concept", "ok")),
        ("query OfTheShop { server { version } }", ("query", "OfTheShop", "ok")),
        ("query AnnasSecret { server { version } }", ("query", "other", "ok")),
        (WRONG_ID, ("query", "anonymous", "errors")),
        (CANCEL, ("mutation", "anonymous", "failed")),
    ],
)
async def test_an_operation_is_counted_by_what_became_of_it(
    parts: Parts, settings: Settings, query: str, at: tuple[str, str, str]
) -> None:
    """By its type, and by its name where that is known to the page or the operator; timed, whatever the transport."""
    named = replace(parts, settings=settings.model_copy(update={"known_operations": ("OfTheShop",)}))
    async with serving(named) as api, api.socket() as socket:
        moved = Moved()
        await api.post(query)
        assert operations(moved) == {at: 1}
        assert [result async for result in socket.results(query)]
        async with api.send({"query": query}, headers={"Accept": "text/event-stream"}) as response:
            await response.read()
    assert operations(moved) == {at: 3}
    assert moved.all("graphql_operation_duration_seconds_count") == {at[:1]: 3}
    assert moved.all("graphql_operation_cost_count") == {at[:1]: 3}


@pytest.mark.parametrize(
    ("body", "type", "reason"),
    [
        ({"query": "{ secret"}, "unknown", "parse"),
        ({"query": "{ " + "name " * 5_000 + "}"}, "unknown", "tokens"),
        ({"query": "{" * 1_500}, "unknown", "parse"),
        ({"query": "{ secret }"}, "query", "validation"),
        ({"query": "query ($n: Int!) { concepts(first: $n) { totalCount } }"}, "query", "variables"),
        ({"query": "query A { __typename } query B { __typename }"}, "query", "operation_name"),
        ({"query": "query A { __typename }", "operationName": "Secret"}, "unknown", "operation_name"),
        ({"query": WATCH, "variables": {"id": "x"}}, "subscription", "not_allowed"),
        ({"query": f"{{ {MANY} }}"}, "query", "aliases"),
        ({"query": "{ nonsense " * 30 + "}" * 30}, "query", "depth"),
        ({"query": "{ " + "__typename @include(if: true) " * 60 + "}"}, "query", "directives"),
        ({"query": "{ " + "__typename " * 30 + "}"}, "query", "root_fields"),
        (
            {"query": "{ __typename } " + " ".join(f"fragment F{n} on Query {{ __typename }}" for n in range(120))},
            "query",
            "fragments",
        ),
        (
            {
                "query": "{ concepts(first: 100) { edges { node { relations(first: 100) { edges { node { target "
                "{ relations(first: 100) { edges { node { type } } } } } } } } } } }"
            },
            "query",
            "cost",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_refusal_is_counted_by_its_reason(api: Api, body: dict[str, Any], type: str, reason: str) -> None:
    """Nothing of what was sent is in it, and nothing was carried out."""
    moved = Moved()
    async with api.send(body) as response:
        [error] = (await response.json())["errors"][:1]
    assert moved.all("graphql_refusals_total") == {(reason,): 1}
    counted = operations(moved)
    assert sum(counted.values()) == 1
    assert {(each[0], each[2]) for each in counted} == {(type, "refused")}
    assert moved("graphql_errors_total", error["extensions"]["code"]) >= 1
    assert moved.all("graphql_operation_duration_seconds_count") == {} or reason == "variables"


async def test_what_is_no_operation_is_refused_before_it_is_one(api: Api, parts: Parts, settings: Settings) -> None:
    """What is no GraphQL request, or comes too early, or is one too many on a socket."""
    moved = Moved()
    await api.post("")
    async with api.client.get("/graphql"):
        pass
    assert moved.all("graphql_refusals_total") == {("request",): 2}
    assert moved.all("graphql_errors_total") == {("BAD_USER_INPUT",): 1, ("BAD_REQUEST",): 1}
    async with api.socket() as socket:
        await socket.begin("")
        await socket.connection.receive_json()
    assert moved("graphql_refusals_total", "request") == 3
    few = replace(parts, settings=settings.model_copy(update={"max_subscriptions": 1}))
    id = await explored(api)
    paused = Moved()
    async with serving(few) as api_of_few, api_of_few.socket() as socket:
        await socket.connection.send_json(subscribe("1", id))
        await socket.connection.send_json(subscribe("2", id))
        while (await socket.connection.receive_json())["type"] != "error":
            pass
    assert paused("graphql_refusals_total", "too_many_subscriptions") == 1
    assert paused("graphql_errors_total", "TOO_COMPLEX") == 1


def subscribe(id: str, exploration: str) -> dict[str, Any]:
    """The message that begins to watch an exploration."""
    return {"id": id, "type": "subscribe", "payload": {"query": WATCH, "variables": {"id": exploration}}}


async def test_a_server_that_starts_says_why_it_refuses(settings: Settings) -> None:
    """It has no store yet."""
    moved = Moved()
    async with TestClient(TestServer(Server(settings).app)) as client:
        await Api(client).post(VERSION)
    assert moved.all("graphql_refusals_total") == {("unavailable",): 1}
    assert moved.all("graphql_errors_total") == {("SERVICE_UNAVAILABLE",): 1}


def test_every_limit_is_a_reason() -> None:
    """A limit that is added is counted as well."""
    assert {field.name for field in fields(Limits)} <= set(Reason)
    for reason in Reason:
        assert REGISTRY.get_sample_value("graphql_refusals_total", {"reason": reason}) is not None


@pytest.fixture
async def waiting(settings: Settings) -> AsyncIterator[Parts]:
    """All parts, over a source that never answers: explorations do not end by themselves."""
    source = Scripted(TREE, gate=asyncio.Event())
    asking = settings.model_copy(update={"knowledge_sources": ("scripted",)})
    async with assembled(asking, sources={"scripted": lambda _store: source}) as parts:
        yield parts


async def test_a_subscription_is_counted_as_it_ends(waiting: Parts) -> None:
    """One that told all is ok, one whose client had enough is cancelled; its hours are no duration. While it lasts it
    is one of the subscriptions, and its socket one of the WebSockets."""
    sockets, told = sample("graphql_websocket_connections"), sample("graphql_subscriptions", field="explorationEvents")
    async with serving(waiting) as api:
        id = (await api.data(PROMISED["Start"], topic="a"))["startExploration"]["exploration"]["id"]
        moved = Moved()
        async with api.socket() as socket:
            assert sample("graphql_websocket_connections") == sockets + 1
            for _ in range(2):
                running = await socket.begin(WATCH, id=id)
                while (await socket.connection.receive_json())["id"] != running:
                    pass  # of the one before
                assert sample("graphql_subscriptions", field="explorationEvents") == told + 1
                await socket.connection.send_json({"id": running, "type": "complete"})
                await until_equal("graphql_subscriptions", told, field="explorationEvents")
            running = await socket.begin(WATCH, id=id)
            while (await socket.connection.receive_json())["id"] != running:
                pass
        await until_equal("graphql_websocket_connections", sockets)
        assert operations(moved) == {("subscription", "anonymous", "cancelled"): 3}
        cancel = "mutation ($id: ID!) { cancelExploration(input: {id: $id}) { exploration { id } } }"
        await api.data(cancel, id=id)
        async with api.socket() as socket:
            assert [result async for result in socket.results(WATCH, id=id)]
    assert operations(moved)["subscription", "anonymous", "ok"] == 1
    assert sample("graphql_subscriptions", field="explorationEvents") == told
    assert moved.all("graphql_operation_duration_seconds_count") == {("mutation",): 1}


async def settled(moved: Moved, at: tuple[str, str, str]) -> None:
    """Wait until an operation was counted."""

    async def counted() -> bool:
        return at in operations(moved)

    await until(counted)


async def until_equal(name: str, value: float, **labels: str) -> None:
    """Wait until a figure has a value."""

    async def has() -> bool:
        return sample(name, **labels) == value

    await until(has)


async def test_a_subscription_that_cannot_begin_has_failed(api: Api) -> None:
    """It names what is not there."""
    moved = Moved()
    async with api.socket() as socket:
        assert [result async for result in socket.results(WATCH, id="RXhwbG9yYXRpb246eA")]
    assert {at[2] for at in operations(moved)} == {"failed"}


async def test_a_client_that_leaves_in_the_middle_has_cancelled(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its query has no outcome but that."""
    asked = asyncio.Event()

    async def hang(*_: object) -> None:
        asked.set()
        await asyncio.sleep(60)

    monkeypatch.setattr("resolvers.concepts.find", hang)
    moved = Moved()
    async with serving(parts) as api:
        leaving = asyncio.ensure_future(api.post('{ concept(name: "x") { id } }'))
        await asked.wait()
        leaving.cancel()
        await settled(moved, ("query", "anonymous", "cancelled"))
    assert moved.all("graphql_operation_duration_seconds_count") == {}


async def test_events_are_counted_by_their_type(api: Api) -> None:
    """As GraphQL calls it; those that were there before the subscription are replayed ones, too."""
    id = await explored(api)
    moved = Moved()
    async with api.socket() as socket:
        results = [result async for result in socket.results(WATCH, id=id)]
    types = [result["data"]["explorationEvents"]["__typename"] for result in results]
    assert moved.all("graphql_events_sent_total") == {(type,): types.count(type) for type in types}
    assert moved("graphql_events_replayed_total") == len(types)
    async with api.socket() as socket:
        assert [result async for result in socket.results(WATCH, id=id, after=len(types) - 2)]
    assert moved("graphql_events_replayed_total") == len(types) + 2


async def test_live_events_are_no_replays(api: Api) -> None:
    """Who subscribes before something happens is told of it, not told again."""
    moved = Moved()
    id = await explored(api)
    sent = sum(moved.all("graphql_events_sent_total").values())
    last = (await api.data("query ($id: ID!) { exploration(id: $id) { lastSeq } }", id=id))["exploration"]["lastSeq"]
    assert sent == last
    assert moved("graphql_events_replayed_total") < last


async def test_pictures_that_are_watched_are_counted(api: Api) -> None:
    """Each time that one is told of."""
    add = 'mutation { addKnowledge(input: {concepts: [{name: "somewhere"}]}) { concepts { id } } }'
    [concept] = (await api.data(add))["addKnowledge"]["concepts"]
    [image] = (await api.data(PROMISED["Paint"], ids=[concept["id"]]))["generateImages"]["images"]
    moved, told = Moved(), sample("graphql_subscriptions", field="imageUpdates")
    async with api.socket() as socket:
        results = [result async for result in socket.results(PROMISED["Painting"], ids=[image["id"]])]
    assert moved.all("graphql_events_sent_total") == {("Image",): len(results)}
    assert sample("graphql_subscriptions", field="imageUpdates") == told
    assert operations(moved) == {("subscription", "Painting", "ok"): 1}


def test_events_have_the_names_that_clients_know() -> None:
    """A kind of event that is added is counted under the name of its type."""
    assert {kind: counter._labelvalues for kind, counter in _SENT.items()} == {
        kind: (KINDS[kind].__name__,) for kind in EventKind
    }


async def test_batches_are_measured_by_their_loader(api: Api) -> None:
    """One read for all keys that are asked for at once."""
    names = ("one", "two", "three")
    add = "mutation ($c: [ConceptInput!]!) { addKnowledge(input: {concepts: $c}) { concepts { id } } }"
    concepts = (await api.data(add, c=[{"name": name} for name in names]))["addKnowledge"]["concepts"]
    moved = Moved()
    await api.data("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=[concept["id"] for concept in concepts])
    assert moved("graphql_loader_batch_size_sum", "ConceptLoader") == 3
    assert moved("graphql_loader_batch_size_count", "ConceptLoader") == 1


async def test_a_span_tells_a_name_only_where_it_is_known(api: Api) -> None:
    """And is a failure where no data came of the operation."""
    with seen_spans() as spans:
        for query in ("query Concept { __typename }", "query AnnasSecret { __typename }", CANCEL):
            await api.post(query)
    told = {(s.name, s.status, s.attributes.get("graphql.operation.name")) for s in spans if s.kind == "internal"}
    named = ("query Concept", "unset", "Concept")
    assert told >= {named, ("query", "unset", None), ("mutation", "error", None)}
    assert "Secret" not in str(spans)
