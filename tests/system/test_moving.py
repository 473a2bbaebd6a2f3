"""A graph moves from the embedded file to Neo4j and back by export and import, and nothing of it is lost."""

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.support.exploring import until
from tests.support.oracle import Oracle, oracle
from tests.support.processes import ServerProcess, server
from tests.support.services import Neo4j
from tests.support.terminal import continuum

pytestmark = pytest.mark.system

ADD = """
mutation {
  moggy: addKnowledge(input: {
    idempotencyKey: "cats"
    concepts: [
      {name: "Moggy", kind: "animal", summary: "A small predator.", aliases: ["house cat"],
       externalIds: [{scheme: "wikidata", value: "Q146"}]}
      {name: "Cushion", quote: "A cushion is soft."}
    ]
    relations: [{source: "Moggy", type: "NEEDS", target: "Cushion", quote: "It sleeps all day.", confidence: 0.8}]
  }) { concepts { id } }
  mouser: addKnowledge(input: {
    concepts: [{name: "Mouser"}, {name: "Mouse"}]
    relations: [{source: "Mouser", type: "EATS", target: "Mouse"}]
  }) { concepts { id } }
  hound: addKnowledge(input: {concepts: [{name: "Hound", kind: "animal"}]}) { concepts { id } }
}"""
CURATE = """
mutation ($moggy: ID!, $mouser: ID!, $hound: ID!) {
  mergeConcepts(input: {into: $moggy, others: [$mouser]}) { concept { id } }
  deleteConcept(input: {id: $hound}) { deletedId }
}"""
START = """
mutation { startExploration(input: {topic: "topic", depth: 3, breadth: 5, budget: {concepts: 1000, seconds: 3600}}) {
  exploration { id } } }"""
EXPLORATION = "query ($id: ID!) { exploration(id: $id) { status reason progress { conceptsFound stepsDone } } }"
EVERYTHING = {
    *("concept", "relation", "source", "evidence", "merge", "tombstone"),
    *("exploration", "step", "member", "event", "idempotency"),
}


async def begun(running: ServerProcess, source: Oracle) -> str:
    """The id of an exploration that has done some steps and does not get on any more."""
    id: str = (await running.graphql(START))["startExploration"]["exploration"]["id"]

    async def some_done() -> bool:
        found = await running.graphql(EXPLORATION, id=id)
        return int(found["exploration"]["progress"]["stepsDone"]) >= 3

    await until(some_done)
    source.seconds = 3600
    return id


async def filled(data_dir: Path, source: Oracle) -> str:
    """Explore, curate, merge, delete, and leave an exploration unfinished: its id."""
    assert continuum(data_dir, "explore", "photosynthesis", "--concepts", 60).code == 0
    async with server(data_dir, oracle=source.address, shutdown_seconds=0.1, lease_seconds=1) as running:
        added = await running.graphql(ADD)
        ids = {name: added[name]["concepts"][0]["id"] for name in ("moggy", "mouser", "hound")}
        await running.graphql(CURATE, **ids)
        id = await begun(running, source)
        assert await running.terminate() == 0
    return id


def exported(data_dir: Path, file: Path, **settings: object) -> Counter[str]:
    """Everything a store holds: its records, as the file has them; leases apart, and who was at work."""
    ended = continuum(data_dir, "export", file, "--force", **settings)
    assert ended.code == 0, ended.err
    first, *records, last = [json.loads(line) for line in file.read_text().splitlines()]
    assert (first["continuum"], last) == (1, {"end": {"records": len(records)}})
    return Counter(json.dumps(_idle(record), sort_keys=True) for record in records)


def _idle(record: dict[str, Any]) -> dict[str, Any]:
    """An exploration that has not ended waits for somebody after its move."""
    if (found := record.get("exploration")) is None:
        return record
    status = "QUEUED" if found["status"] == "RUNNING" else found["status"]
    return {"exploration": {**found, "status": status, "lease": None}}


def imported(data_dir: Path, file: Path, **settings: object) -> None:
    """Store the file; all of it can be used."""
    ended = continuum(data_dir, "import", file, **settings)
    assert (ended.code, ended.err) == (0, "")


async def finished(data_dir: Path, source: Oracle, id: str, **settings: object) -> dict[str, Any]:
    """What becomes of the unfinished exploration under a new server."""
    async with server(data_dir, oracle=source.address, **settings) as running:

        async def has_ended() -> bool:
            return (await running.graphql(EXPLORATION, id=id))["exploration"]["status"] == "COMPLETED"

        await until(has_ended, seconds=30)
        found: dict[str, Any] = (await running.graphql(EXPLORATION, id=id))["exploration"]
        return found


async def test_a_graph_moves_to_neo4j_and_back(tmp_path: Path, neo4j: Neo4j) -> None:
    """All records are the same at both ends, explorations and evidence among them; on either store the exploration
    that was not finished is taken up, and comes to the same end."""
    here, there, back = tmp_path / "here", tmp_path / "there", tmp_path / "back"
    async with oracle(seconds=0.02) as source:
        id = await filled(here, source)
        before = exported(here, tmp_path / "before.jsonl")
        assert {kind for line in before for kind in json.loads(line)} == EVERYTHING
        imported(there, tmp_path / "before.jsonl", **neo4j.settings)
        assert exported(there, tmp_path / "moved.jsonl", **neo4j.settings) == before
        assert not (there / "continuum.sqlite3").exists()
        imported(back, tmp_path / "moved.jsonl")
        assert exported(back, tmp_path / "after.jsonl") == before
        source.seconds = 0.01
        ends = [await finished(there, source, id, **neo4j.settings), await finished(back, source, id)]
        assert ends[0] == ends[1]


async def test_a_file_that_was_imported_is_sound(tmp_path: Path, neo4j: Neo4j) -> None:
    """The doctor finds nothing wrong with either store after a move."""
    file = tmp_path / "graph.jsonl"
    assert continuum(tmp_path / "here", "explore", "photosynthesis", "--concepts", 60).code == 0
    exported(tmp_path / "here", file)
    imported(tmp_path / "there", file, **neo4j.settings)
    looked = await asyncio.to_thread(continuum, tmp_path / "there", "doctor", port=0, **neo4j.settings)
    assert (looked.code, "ok    integrity: the stored data is sound" in looked.out) == (0, True)
