"""SIGKILL: nothing that was committed is lost, and the next start goes on by itself."""

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest

from graphstore.model import ENDED, Exploration, ExplorationFilter, ExplorationStatus, PageRequest
from graphstore.port import Database, Store
from graphstore.sqlite import open_database
from tests.support.exploring import until
from tests.support.graphs import check_history, graph_by_key
from tests.support.processes import ServerProcess, server

pytestmark = pytest.mark.system

START = """
mutation {
  startExploration(
    input: {topic: "photosynthesis", depth: 6, breadth: 50, budget: {concepts: 10000, seconds: 3600}}
  ) { exploration { id } }
}
"""
KILLS = 20
FAST = {"lease_seconds": 0.8}


async def test_twenty_kills_change_nothing_in_the_end(tmp_path: Path) -> None:
    """Killed at 20 random moments of its work, the server ends with the graph of an undisturbed run."""
    undisturbed, events = await _undisturbed(tmp_path / "undisturbed")
    seed = random.randrange(2**32)
    moments = sorted(random.Random(seed).sample(range(2, events - 1), KILLS))
    print(f"seed {seed}: killing after events {moments}")  # noqa: T201 - so that a failure can be repeated
    data_dir = tmp_path / "killed"
    async with server(data_dir, **FAST) as running:
        await running.graphql(START)
        await _kill_after(running, data_dir, moments[0])
    for moment in moments[1:]:
        async with server(data_dir, **FAST) as running:
            await _kill_after(running, data_dir, moment)
    async with server(data_dir, **FAST):
        graph, _ = await _ended(data_dir)
    assert graph == undisturbed


async def _undisturbed(data_dir: Path) -> tuple[dict[str, Any], int]:
    async with server(data_dir, **FAST) as running:
        await running.graphql(START)
        return await _ended(data_dir)


async def _ended(data_dir: Path) -> tuple[dict[str, Any], int]:
    """Wait for the end, check the history; the graph by key, and the number of events."""
    database, store, exploration = await _opened(data_dir)
    try:

        async def has_ended() -> bool:
            return (await _now(store, exploration)).status in ENDED

        await until(has_ended, seconds=60)
        exploration = await _now(store, exploration)
        assert exploration.status is ExplorationStatus.COMPLETED
        await check_history(store, exploration.id)
        return await graph_by_key(store), exploration.next_seq - 1
    finally:
        await database.close()


async def _kill_after(running: ServerProcess, data_dir: Path, seq: int) -> None:
    """Kill the process as soon as the event with this number is stored, and a random moment later."""
    database, store, exploration = await _opened(data_dir)
    try:

        async def is_stored() -> bool:
            return (await _now(store, exploration)).next_seq > seq

        await until(is_stored, seconds=30)
        await asyncio.sleep(random.uniform(0, 0.02))
        await running.kill()
    finally:
        await database.close()


async def _opened(data_dir: Path) -> tuple[Database, Store, Exploration]:
    """The file that the server works on, as a further process would open it, and its only exploration."""
    database = await open_database(data_dir / "continuum.sqlite3")
    store = database.within("main")
    [item] = (await store.explorations.page(ExplorationFilter(), PageRequest(10))).items
    return database, store, item.value


async def _now(store: Store, exploration: Exploration) -> Exploration:
    return (await store.explorations.get([exploration.id]))[exploration.id]
