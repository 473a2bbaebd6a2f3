"""Explorations that have pictures made of their concepts."""

from typing import Any

import pytest

from continuum.assembly import Parts
from tests.support.api import Api

START = """mutation ($input: StartExplorationInput!) { startExploration(input: $input) { exploration {
  id options { pictures { provider size quality style } } budget { pictures } } } }"""
WATCH = """subscription ($id: ID!) { explorationEvents(id: $id) { __typename seq
  ... on GraphGrew { concepts { id } }
  ... on ImageReady { image { id status url concept { id } } step { kind state concept { id } } }
  ... on StatusChanged { status reason } } }"""


async def pictured(api: Api, **input: Any) -> tuple[str, list[dict[str, Any]]]:
    """An exploration of five concepts with pictures that has ended, and all that its watcher was told."""
    wanted = {"topic": "photosynthesis", "depth": 1, "pictures": {}, "budget": {"concepts": 5}, **input}
    started = (await api.data(START, input=wanted))["startExploration"]["exploration"]
    async with api.socket() as socket:
        told = [result["data"]["explorationEvents"] async for result in socket.results(WATCH, id=started["id"])]
    return started["id"], told


def ready(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those events that tell of pictures."""
    return [event for event in told if event["__typename"] == "ImageReady"]


async def test_each_concept_gets_a_picture(api: Api) -> None:
    """Every concept that was found has one picture, told of by an event, made by a step, and counted."""
    id, told = await pictured(api)
    assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
    found = {concept["id"] for event in told if event["__typename"] == "GraphGrew" for concept in event["concepts"]}
    images = [event["image"] for event in ready(told)]
    assert len(images) == len(found) == 5
    assert {image["concept"]["id"] for image in images} == found
    assert {image["status"] for image in images} == {"READY"}
    assert all(
        event["step"] == {"kind": "PICTURE", "state": "DONE", "concept": event["image"]["concept"]}
        for event in ready(told)
    )
    for image in images:
        async with api.client.get(image["url"]) as response:
            assert (response.status, response.content_type) == (200, "image/png")
    query = """query ($id: ID!) { exploration(id: $id) { spent { pictures costUsd } concepts(first: 5) { edges { node {
      images(first: 2) { totalCount edges { node { exploration { id } } } } } } } } }"""
    exploration = (await api.data(query, id=id))["exploration"]
    assert exploration["spent"] == {"pictures": 5, "costUsd": 0}
    galleries = [edge["node"]["images"] for edge in exploration["concepts"]["edges"]]
    assert galleries == [{"totalCount": 1, "edges": [{"node": {"exploration": {"id": id}}}]}] * 5


async def test_how_they_are_made_is_told(api: Api) -> None:
    """What was left out is filled in when the exploration is started, and can be read."""
    input = {"topic": "light", "pictures": {"size": "512x512", "style": "woodcut"}, "budget": {"pictures": 0}}
    started = (await api.data(START, input=input))["startExploration"]["exploration"]
    pictures = started["options"]["pictures"]
    assert (pictures["provider"], pictures["size"], pictures["style"]) == ("mock", "512x512", "woodcut")
    assert pictures["quality"]
    assert started["budget"] == {"pictures": 0}


async def test_a_budget_of_pictures_is_kept(api: Api) -> None:
    """When it is used up the exploration says so, and goes on when it is extended."""
    id, told = await pictured(api, breadth=4, budget={"pictures": 2})
    assert len(ready(told)) == 2
    assert told[-1]["status"] == "BUDGET_REACHED"
    assert told[-1]["reason"].startswith("pictures")
    extend = """mutation ($id: ID!) { extendExploration(input: {id: $id, budget: {pictures: 3}}) {
      exploration { budget { pictures concepts } } } }"""
    extended = (await api.data(extend, id=id))["extendExploration"]["exploration"]
    assert extended["budget"] == {"pictures": 3, "concepts": 200}
    async with api.socket() as socket:
        told = [result["data"]["explorationEvents"] async for result in socket.results(WATCH, id=id)]
    assert len(ready(told)) == 3


async def test_a_picture_that_was_deleted_is_told_of_without_it(api: Api) -> None:
    """Its event stays, so that the numbers have no gap, and holds no image."""
    id, told = await pictured(api)
    gone = ready(told)[0]
    await api.data("mutation ($id: ID!) { deleteImage(input: {id: $id}) { deletedId } }", id=gone["image"]["id"])
    async with api.socket() as socket:
        again = [result["data"]["explorationEvents"] async for result in socket.results(WATCH, id=id)]
    assert [event["seq"] for event in again] == [event["seq"] for event in told]
    assert [event["seq"] for event in ready(again) if event["image"] is None] == [gone["seq"]]


@pytest.mark.parametrize(
    ("pictures", "argument", "words"),
    [
        ({"size": "1x1"}, "pictures.size", "512x512"),
        ({"quality": "superb"}, "pictures.quality", "superb"),
        ({"style": "x" * 10_000}, "pictures.style", "10,000"),
        ({"provider": "nobody"}, "provider", "mock"),
    ],
)
async def test_mistakes_are_told_before_it_is_started(
    api: Api, parts: Parts, pictures: dict[str, Any], argument: str, words: str
) -> None:
    """The error names the argument and what would be right, and no exploration is left behind."""
    error = await api.error(START, input={"topic": "light", "pictures": pictures})
    assert (error["code"], error["argument"]) == ("BAD_USER_INPUT", argument)
    assert words in error["message"]
    assert (await parts.database.operations.status()).explorations == 0
