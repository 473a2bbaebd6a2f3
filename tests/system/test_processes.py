"""Several processes on one data directory, and an orderly end."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType

from graphstore.sqlite import open_database
from resolvers.ids import EXPLORATION, raw_id
from tests.support.api import PROMISED, Api
from tests.support.graphs import check_history
from tests.support.processes import ServerProcess, environment, server

pytestmark = pytest.mark.system

LONG = """
mutation { startExploration(input: {topic: "music", depth: 6, breadth: 50, budget: {concepts: 10000, seconds: 600}}) {
  exploration { id } } }
"""


async def explore(data_dir: Path, *arguments: str) -> asyncio.subprocess.Process:
    """`continuum explore --json` beside whatever else runs on this data directory."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "continuum", "explore", "--json", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment(data_dir, lease_seconds=1),
    )


async def first_line(process: asyncio.subprocess.Process) -> dict[str, Any]:
    """What the process says first."""
    assert process.stdout is not None
    line: dict[str, Any] = json.loads(await asyncio.wait_for(process.stdout.readline(), 20))
    return line


async def watched(session: aiohttp.ClientSession, id: str, after: int = 0) -> list[dict[str, Any]]:
    """All events that a subscriber of the server gets, up to the end."""
    async with Api(session).socket() as socket:
        return [r["data"]["explorationEvents"] async for r in socket.results(PROMISED["Watch"], id=id, after=after)]


async def test_the_terminal_explores_beside_a_server(tmp_path: Path) -> None:
    """A subscriber of the server sees an exploration of the terminal grow, each event once, while the server explores
    on its own account; both end well."""
    data_dir = tmp_path / "data"
    async with server(data_dir) as running, aiohttp.ClientSession(running.address) as session:
        own = (await running.graphql(PROMISED["Start"], topic="painting"))["startExploration"]["exploration"]["id"]
        terminal = await explore(data_dir, "photosynthesis", "--depth", "4", "--concepts", "400")
        id = (await first_line(terminal))["exploration"]
        output = asyncio.create_task(terminal.communicate())
        events = await asyncio.wait_for(watched(session, id), 60)
        await output
        assert terminal.returncode == 0
        assert [e["seq"] for e in events] == list(range(1, len(events) + 1))
        assert events[-1]["status"] == "BUDGET_REACHED"
        found = {c["id"] for e in events if e["__typename"] == "GraphGrew" for c in e["concepts"]}
        assert len(found) == 400
        assert (await watched(session, own))[-1]["status"] in {"COMPLETED", "BUDGET_REACHED"}


async def test_the_server_takes_up_what_a_killed_terminal_left(tmp_path: Path) -> None:
    """The exploration of a terminal that was killed is finished by the running server."""
    data_dir = tmp_path / "data"
    async with server(data_dir, lease_seconds=1) as running, aiohttp.ClientSession(running.address) as session:
        terminal = await explore(data_dir, "photosynthesis", "--depth", "6", "--breadth", "50", "--concepts", "10000")
        id = (await first_line(terminal))["exploration"]
        terminal.kill()
        await terminal.wait()
        events = await asyncio.wait_for(watched(session, id), 60)
        assert (events[-1]["status"], len(events) > 100) == ("COMPLETED", True)


async def test_sigterm_ends_the_server_in_good_order(tmp_path: Path) -> None:
    """A subscriber's socket is closed with 1012, the exit code is 0, the lease is free, and the next start goes on
    from the last event that the subscriber saw."""
    data_dir = tmp_path / "data"
    async with server(data_dir, drain_seconds=0) as running, aiohttp.ClientSession(running.address) as session:
        id = (await running.graphql(LONG))["startExploration"]["exploration"]["id"]
        seen, code = await interrupted(session, running, id)
    assert code == 0
    async with server(data_dir) as running, aiohttp.ClientSession(running.address) as session:
        rest = await asyncio.wait_for(watched(session, id, after=seen[-1]), 60)
    assert [*seen, *(e["seq"] for e in rest)] == list(range(1, rest[-1]["seq"] + 1))
    database = await open_database(data_dir / "continuum.sqlite3")
    try:
        await check_history(database.within("main"), raw_id("id", id, EXPLORATION))
    finally:
        await database.close()


async def interrupted(session: aiohttp.ClientSession, running: ServerProcess, id: str) -> tuple[list[int], int]:
    """Watch some events, then stop the server: their numbers, and the server's exit code."""
    seen: list[int] = []
    async with Api(session).socket() as socket:
        await socket.begin(PROMISED["Watch"], id=id, after=0)
        ending: asyncio.Task[int] | None = None
        while True:
            message = await socket.connection.receive(timeout=20)
            if message.type in {WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED}:
                break
            content = json.loads(message.data)
            if content["type"] == "next":
                seen.append(content["payload"]["data"]["explorationEvents"]["seq"])
            if len(seen) >= 10 and ending is None:
                ending = asyncio.create_task(running.terminate())
        assert socket.connection.close_code == 1012
        assert ending is not None
        return seen, await ending
