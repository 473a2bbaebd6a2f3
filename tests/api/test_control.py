"""Starting explorations and changing their course."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from continuum.assembly import Parts, assembled
from continuum.settings import Settings
from providers.errors import RefusedError
from tests.support.api import PROMISED, Api
from tests.support.exploring import TREE, Scripted, asked

START = """mutation ($input: StartExplorationInput!) { startExploration(input: $input) { exploration {
  id topic status options { depth breadth sources instructions language }
  budget { concepts seconds tokens costUsd } createdAt startedAt finishedAt root { name } } } }"""
STATUS = "status reason progress { conceptsFound stepsFailed }"


@pytest.fixture
def source() -> Scripted:
    """A source that answers when its gate is open."""
    return Scripted(TREE, gate=asyncio.Event())


@pytest.fixture
async def parts(settings: Settings, source: Scripted) -> AsyncIterator[Parts]:
    """All parts over that source."""
    asking = settings.model_copy(update={"knowledge_sources": ("scripted",)})
    async with assembled(asking, sources={"scripted": lambda _store: source}) as parts:
        yield parts


def change(name: str, more: str = "") -> str:
    """A mutation of one exploration."""
    return f"mutation ($id: ID!) {{ it: {name}(input: {{id: $id{more}}}) {{ exploration {{ {STATUS} }} }} }}"


async def begun(api: Api, **input: Any) -> str:
    """The id of an exploration that was asked for."""
    id: str = (await api.data(START, input={"topic": "a", **input}))["startExploration"]["exploration"]["id"]
    return id


async def ended(api: Api, id: str) -> dict[str, Any]:
    """The last status that its watcher is told of."""
    async with api.socket() as socket:
        told = [result["data"]["explorationEvents"] async for result in socket.results(PROMISED["Watch"], id=id)]
    last: dict[str, Any] = told[-1]
    return last


async def test_what_is_asked_for_is_what_is_done(api: Api) -> None:
    """Options and budget are kept as they were given, with defaults for what was not; it is returned at once."""
    started = (await api.data(START, input={"topic": " a "}))["startExploration"]["exploration"]
    assert started.pop("id")
    assert started.pop("createdAt")
    options = {"depth": 2, "breadth": 12, "sources": ["scripted"], "instructions": "", "language": "en"}
    budget = {"concepts": 200, "seconds": 600.0, "tokens": None, "costUsd": None}
    waiting = {"startedAt": None, "finishedAt": None, "root": None}
    assert started == {"topic": "a", "status": "QUEUED", "options": options, "budget": budget, **waiting}
    given = {
        "depth": 1,
        "breadth": 2,
        "sources": ["scripted"],
        "instructions": "be brief",
        "language": "de",
        "budget": {"concepts": 3, "tokens": 10},
    }
    started = (await api.data(START, input={"topic": "b", **given}))["startExploration"]["exploration"]
    assert {**started["options"], "budget": {"concepts": 3, "tokens": 10}} == given
    assert started["budget"] == {"concepts": 3, "seconds": 600.0, "tokens": 10, "costUsd": None}


async def test_a_repeated_start_starts_once(api: Api) -> None:
    """With a key the same request gives the same exploration; another request under it is a conflict."""
    first = await begun(api, idempotencyKey="k")
    assert await begun(api, idempotencyKey="k") == first
    error = await api.error(START, input={"topic": "a", "depth": 1, "idempotencyKey": "k"})
    assert error["code"] == "CONFLICT"
    assert await begun(api) != first
    count = "{ explorations { totalCount } }"
    assert (await api.data(count))["explorations"]["totalCount"] == 2


async def test_from_a_stored_concept(api: Api) -> None:
    """An exploration may start from a concept, whatever else is called like it."""
    add = 'mutation { addKnowledge(input: {concepts: [{name: "a", kind: "letter"}]}) { concepts { id } } }'
    concept = (await api.data(add))["addKnowledge"]["concepts"][0]["id"]
    started = (await api.data(START, input={"conceptId": concept}))["startExploration"]["exploration"]
    assert (started["topic"], started["root"]) == ("a", {"name": "a"})


async def test_pausing_going_on_and_stopping(api: Api, source: Scripted) -> None:
    """Each change gives the status at once; one that does not fit is a conflict that says what would."""
    id = await begun(api)
    await asked(source, "a")
    assert (await api.data(change("pauseExploration"), id=id))["it"]["exploration"]["status"] == "PAUSED"
    error = await api.error(change("pauseExploration"), id=id)
    assert (error["code"], error["status"], error["allowed"]) == ("CONFLICT", "PAUSED", ["QUEUED", "RUNNING"])
    assert (await api.data(change("resumeExploration"), id=id))["it"]["exploration"]["status"] in {"QUEUED", "RUNNING"}
    assert (await api.error(change("extendExploration", ", depth: 3"), id=id))["code"] == "CONFLICT"
    cancelled = (await api.data(change("cancelExploration", ', reason: "enough"'), id=id))["it"]["exploration"]
    assert (cancelled["status"], cancelled["reason"]) == ("CANCELLED", "enough")
    assert (await ended(api, id))["reason"] == "enough"
    for name in ("pauseExploration", "resumeExploration", "cancelExploration", "retryFailedSteps"):
        assert (await api.error(change(name), id=id))["code"] == "CONFLICT"


async def test_going_on_with_more(api: Api, source: Scripted) -> None:
    """A greater budget or depth takes an ended exploration further; a smaller one is refused."""
    assert source.gate
    source.gate.set()
    id = await begun(api, depth=1, budget={"concepts": 2})
    assert (await ended(api, id))["status"] == "BUDGET_REACHED"
    for less, argument in (
        (", budget: {concepts: 1}", "concepts"),
        (", budget: {concepts: 0}", "concepts"),
        (", depth: 0", "depth"),
    ):
        error = await api.error(change("extendExploration", less), id=id)
        assert error["code"] == "BAD_USER_INPUT"
        assert argument in error["message"]
    await api.data(change("extendExploration", ", budget: {concepts: 100}"), id=id)
    assert (await ended(api, id))["status"] == "COMPLETED"
    query = """query ($id: ID!) { exploration(id: $id) { progress { conceptsFound } budget { concepts seconds }
      finishedAt } }"""
    done = (await api.data(query, id=id))["exploration"]
    assert done["progress"]["conceptsFound"] == 3
    assert done["budget"] == {"concepts": 100, "seconds": 600.0}
    assert done["finishedAt"]
    await api.data(change("extendExploration", ", depth: 2"), id=id)
    assert (await ended(api, id))["status"] == "COMPLETED"
    assert (await api.data(query, id=id))["exploration"]["progress"]["conceptsFound"] > 3


async def test_trying_failed_steps_again(api: Api, source: Scripted) -> None:
    """Steps that failed are done after all, when what they need is back."""
    assert source.gate
    source.gate.set()
    source.fail = lambda name, _attempt: RefusedError("away") if name == "b" else None
    id = await begun(api)
    assert (await ended(api, id))["status"] == "COMPLETED"
    query = f"query ($id: ID!) {{ exploration(id: $id) {{ {STATUS} }} }}"
    assert (await api.data(query, id=id))["exploration"]["progress"]["stepsFailed"] == 1
    source.fail = lambda _name, _attempt: None
    await api.data(change("retryFailedSteps"), id=id)
    assert (await ended(api, id))["status"] == "COMPLETED"
    assert (await api.data(query, id=id))["exploration"]["progress"]["stepsFailed"] == 0
    assert "no step" in (await api.error(change("retryFailedSteps"), id=id))["message"]


async def test_forgetting(api: Api) -> None:
    """An exploration that has ended can be forgotten; one that has not cannot."""
    delete = "mutation ($id: ID!) { deleteExploration(input: {id: $id}) { deletedId } }"
    id = await begun(api)
    assert (await api.error(delete, id=id))["code"] == "CONFLICT"
    await api.data(change("cancelExploration"), id=id)
    assert (await api.data(delete, id=id))["deleteExploration"]["deletedId"] == id
    assert (await api.error(delete, id=id))["code"] == "NOT_FOUND"
    assert (await api.data("query ($id: ID!) { exploration(id: $id) { id } }", id=id))["exploration"] is None


async def test_listing(api: Api) -> None:
    """Explorations are listed newest first, by status and topic."""
    ids = [await begun(api), await begun(api, topic="b"), await begun(api)]
    await api.data(change("cancelExploration"), id=ids[0])
    query = (
        """query ($filter: ExplorationFilter) { explorations(filter: $filter) { totalCount edges { node { id } } } }"""
    )

    async def listed(**filter: Any) -> list[str]:
        found = (await api.data(query, filter=filter))["explorations"]
        assert found["totalCount"] == len(found["edges"])
        return [edge["node"]["id"] for edge in found["edges"]]

    assert await listed() == ids[::-1]
    assert await listed(topic="A") == [ids[2], ids[0]]
    assert await listed(statuses=["CANCELLED"]) == [ids[0]]
    assert await listed(statuses=["COMPLETED"]) == []
