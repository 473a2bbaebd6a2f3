"""How a process begins where its store is not there, and how it ends."""

import asyncio
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import WSMsgType

from tests.support.api import PROMISED, Api
from tests.support.exploring import until
from tests.support.oracle import oracle
from tests.support.processes import environment, server
from tests.support.proxy import proxied
from tests.support.services import Neo4j
from tests.support.terminal import continuum

pytestmark = pytest.mark.system

NOWHERE = "bolt://127.0.0.1:1"
START = """
mutation { startExploration(input: {topic: "topic", depth: 3, breadth: 5}) { exploration { id } } }"""


@asynccontextmanager
async def waiting(data_dir: Path, **settings: object) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A server that may wait for its store, and where it listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "continuum", "serve"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment(data_dir, port=port, **settings),
    )
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def logged(process: asyncio.subprocess.Process, event: bytes) -> bytes:
    """Its log up to this event."""
    assert process.stderr is not None
    lines = []
    async for line in process.stderr:
        lines.append(line)
        if event in line:
            break
    return b"".join(lines)


async def answer(address: str, path: str) -> tuple[int, str] | None:
    """Status and word of health; None as long as nobody listens."""
    try:
        async with aiohttp.ClientSession() as session, session.get(f"{address}{path}") as response:
            return response.status, (await response.json())["status"]
    except aiohttp.ClientConnectionError:
        return None


async def answers(address: str, path: str, expected: tuple[int, str]) -> None:
    """Wait for this answer."""

    async def is_so() -> bool:
        return await answer(address, path) == expected

    await until(is_so, seconds=20)


async def test_a_server_is_alive_while_it_waits_for_its_store(tmp_path: Path) -> None:
    """Health says alive and not ready, GraphQL asks to come again, the log tells what is waited for, and SIGTERM ends
    it with exit code 0."""
    async with waiting(tmp_path / "data", neo4j_uri=NOWHERE, neo4j_password="hunter2") as (process, address):
        await answers(address, "/health", (200, "alive"))
        assert await answer(address, "/ready") == (503, "starting")
        log = await asyncio.wait_for(logged(process, b"store_awaited"), 20)
        process.send_signal(signal.SIGTERM)
        out, rest = await asyncio.wait_for(process.communicate(), 10)
        assert (process.returncode, out) == (0, b"")
        log += rest
        assert b"bolt://127.0.0.1:1/neo4j" in log
        assert b"hunter2" not in log
        assert b"Traceback" not in log


def test_a_store_that_does_not_come_is_given_up(tmp_path: Path) -> None:
    """After STARTUP_WAIT_SECONDS a server ends with exit code 2 and one sentence; a command waits for a few seconds."""
    given_up = continuum(tmp_path, "serve", port=0, neo4j_uri=NOWHERE, startup_wait_seconds=0.2, log_level="ERROR")
    assert (given_up.code, given_up.out) == (2, "")
    assert given_up.err.startswith(f"Error: Neo4j at {NOWHERE} cannot be reached")
    assert "Connect call failed" in given_up.err
    assert given_up.err.count("\n") == 1
    began = time.monotonic()
    command = continuum(tmp_path, "search", "x", neo4j_uri=NOWHERE, log_level="ERROR")
    assert (command.code, time.monotonic() - began < 15) == (2, True)
    assert command.err.startswith(f"Error: Neo4j at {NOWHERE} cannot be reached")


def test_wrong_credentials_are_told_at_once(tmp_path: Path, neo4j: Neo4j) -> None:
    """Waiting does not help: one sentence that names the variables, and exit code 2."""
    if neo4j.password is None:
        pytest.skip("this Neo4j asks nobody for a password")
    settings: dict[str, Any] = {**neo4j.settings, "neo4j_password": "hunter2"}
    began = time.monotonic()
    refused = continuum(tmp_path, "serve", port=0, startup_wait_seconds=60, **settings)
    assert (refused.code, time.monotonic() - began < 20) == (2, True)
    assert "refuses these credentials: check NEO4J_USER, NEO4J_PASSWORD" in refused.err
    assert "hunter2" not in refused.err
    unknown = continuum(tmp_path, "serve", port=0, **{**neo4j.settings, "neo4j_database": "nosuch"})
    assert (unknown.code, "check NEO4J_DATABASE" in unknown.err) == (2, True)


async def test_a_store_that_comes_later_is_used(tmp_path: Path, neo4j: Neo4j) -> None:
    """The server begins by itself as soon as Neo4j can be reached."""
    url = urlsplit(neo4j.uri)
    async with proxied(url.hostname or "", url.port or 7687) as network:
        network.cut()
        settings = {**neo4j.settings, "neo4j_uri": "bolt://{}:{}".format(*network.address)}
        async with waiting(tmp_path / "data", **settings) as (_, address):
            await answers(address, "/ready", (503, "starting"))
            network.mend()
            await answers(address, "/ready", (200, "ready"))
            async with aiohttp.ClientSession(address) as session:
                assert (await Api(session).data("{ server { store } }"))["server"]["store"]


async def test_a_server_is_not_ready_before_it_closes_its_sockets(tmp_path: Path) -> None:
    """After SIGTERM /ready says no at once, and for DRAIN_SECONDS requests are answered and sockets stay open; then
    they are closed with 1012, steps are finished, and the exit code is 0."""
    async with (
        oracle(seconds=2.5) as source,
        server(tmp_path / "data", oracle=source.address, drain_seconds=1.5) as running,
        aiohttp.ClientSession(running.address) as session,
    ):
        id = (await running.graphql(START))["startExploration"]["exploration"]["id"]
        async with Api(session).socket() as socket:
            await socket.begin(PROMISED["Watch"], id=id, after=0)
            await until(lambda: _asked(source.asked.total()))
            running.process.send_signal(signal.SIGTERM)
            await answers(running.address, "/ready", (503, "draining"))
            assert await answer(running.address, "/health") == (200, "alive")
            assert (await running.graphql("{ server { version } }"))["server"]["version"]
            assert not socket.connection.closed
            while (await socket.connection.receive(timeout=20)).type is WSMsgType.TEXT:
                pass
            assert socket.connection.close_code == 1012
        assert await asyncio.wait_for(running.process.wait(), 15) == 0
        async with server(tmp_path / "data", oracle=source.address) as again:
            query = "query ($id: ID!) { exploration(id: $id) { progress { stepsDone } } }"
            done = (await again.graphql(query, id=id))["exploration"]["progress"]["stepsDone"]
            assert (done >= 1, source.too_often) == (True, 0)


async def _asked(times: int) -> bool:
    return times > 0


async def test_a_second_signal_ends_a_server_at_once(tmp_path: Path) -> None:
    """Whoever does not want to wait need not."""
    async with server(tmp_path / "data", drain_seconds=60) as running:
        running.process.send_signal(signal.SIGINT)
        await answers(running.address, "/ready", (503, "draining"))
        assert await running.terminate(5) == -signal.SIGTERM
