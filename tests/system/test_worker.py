"""Servers and workers as processes of their own, which hear of each other through Redis."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from graphstore.sqlite import open_database
from resolvers.ids import EXPLORATION, raw_id
from tests.support import services
from tests.support.api import PROMISED, Api
from tests.support.exploring import until
from tests.support.graphs import check_history
from tests.support.oracle import Oracle, oracle
from tests.support.processes import OurProcess, ServerProcess, environment, server, worker
from tests.support.proxy import Proxy, proxied
from tests.support.terminal import command, continuum

pytestmark = pytest.mark.system

START = """
mutation Start($topic: String!) { startExploration(
  input: {topic: $topic, depth: 3, breadth: 5, budget: {concepts: 1000, seconds: 600}}) { exploration { id } } }
"""
STATUS = "query Status($id: ID!) { exploration(id: $id) { status progress { stepsDone } } }"
ENDED = {"COMPLETED", "BUDGET_REACHED", "CANCELLED", "FAILED"}


async def started(running: ServerProcess, topic: str = "photosynthesis") -> str:
    """The id of a new exploration."""
    id: str = (await running.graphql(START, topic=topic))["startExploration"]["exploration"]["id"]
    return id


async def status(running: ServerProcess, id: str) -> str:
    """How the exploration stands."""
    found: str = (await running.graphql(STATUS, id=id))["exploration"]["status"]
    return found


async def ended(running: ServerProcess, id: str, seconds: float = 30) -> str:
    """Wait for the exploration's end; its status then."""

    async def has_ended() -> bool:
        return await status(running, id) in ENDED

    await until(has_ended, seconds)
    return await status(running, id)


async def is_asked(source: Oracle, times: int = 1) -> None:
    """Wait until the oracle was asked so often."""

    async def was_asked() -> bool:
        return sum(source.asked.values()) >= times

    await until(was_asked, seconds=20)


async def check(data_dir: Path, id: str) -> None:
    """The history of the exploration is whole, and nobody holds it."""
    database = await open_database(data_dir / "continuum.sqlite3")
    try:
        raw = raw_id("id", id, EXPLORATION)
        await check_history(database.within("main"), raw)
        assert (await database.within("main").explorations.get([raw]))[raw].lease is None
    finally:
        await database.close()


async def exit_code(process: OurProcess, number: signal.Signals = signal.SIGTERM) -> int:
    """Send a signal; the exit code, which comes soon."""
    process.process.send_signal(number)
    async with asyncio.timeout(10):
        return await process.process.wait()


@asynccontextmanager
async def through_a_proxy(redis_url: str) -> AsyncIterator[tuple[Proxy, str]]:
    """Redis behind a network that can be bad: the network, and the address."""
    url = urlsplit(redis_url)
    async with proxied(url.hostname or "", url.port or 6379) as proxy:
        yield proxy, url._replace(netloc="{}:{}".format(*proxy.address)).geturl()


@pytest.fixture(
    params=[pytest.param("", id="sqlite"), pytest.param("neo4j", id="neo4j", marks=services.NEO4J)],
)
def shared(request: pytest.FixtureRequest, redis_url: str) -> Mapping[str, str]:
    """What all processes are told: the queue, and the store where that is not their common file."""
    store = request.getfixturevalue(request.param).settings if request.param else {}
    return {"redis_url": redis_url, **store}


def test_a_worker_without_redis_says_what_to_do(tmp_path: Path) -> None:
    """There is nobody who could hand it any work: exit code 2, and one sentence."""
    refused = continuum(tmp_path, "worker")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("Error: REDIS_URL is not set, and Redis is what hands work to workers: ")
    assert "run `continuum serve` alone" in refused.err


async def test_one_server_starts_a_worker_explores_another_server_watches(
    tmp_path: Path, shared: Mapping[str, str]
) -> None:
    """A subscriber of the second server sees all events of what the first one started, and neither runs it."""
    data_dir = tmp_path / "data"
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(server(data_dir, **shared))
        second = await stack.enter_async_context(server(data_dir, **shared))
        id = await started(first)
        assert await status(first, id) == "QUEUED"
        helper = await stack.enter_async_context(worker(data_dir, **shared))
        up = {name: {"status": "up"} for name in ("store", "pictures", "redis")}
        assert await helper.ready() == (200, {"status": "ready", "checks": up})
        session = await stack.enter_async_context(aiohttp.ClientSession(second.address))
        async with Api(session).socket() as socket, asyncio.timeout(30):
            events = [r["data"]["explorationEvents"] async for r in socket.results(PROMISED["Watch"], id=id, after=0)]
        assert [e["seq"] for e in events] == list(range(1, len(events) + 1))
        assert events[-1]["status"] == "COMPLETED"
        assert [await exit_code(each) for each in (helper, first, second)] == [0, 0, 0]


async def test_a_terminal_explores_beside_servers_and_workers(tmp_path: Path, shared: Mapping[str, str]) -> None:
    """What a terminal explores by itself is watched at a server; when the terminal is killed, a worker goes on."""
    data_dir = tmp_path / "data"
    async with server(data_dir, **shared) as running, worker(data_dir, lease_seconds=1, **shared):
        terminal = await asyncio.create_subprocess_exec(
            *command("explore", "photosynthesis", "--depth", 4, "--concepts", 300, "--json"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment(data_dir, lease_seconds=1, **shared),
        )
        assert terminal.stdout is not None
        id = json.loads(await asyncio.wait_for(terminal.stdout.readline(), 20))["exploration"]
        async with aiohttp.ClientSession(running.address) as session, Api(session).socket() as socket:
            seen = []
            async with asyncio.timeout(60):
                async for result in socket.results(PROMISED["Watch"], id=id, after=0):
                    seen.append(result["data"]["explorationEvents"])
                    if len(seen) == 3:
                        terminal.kill()
        assert await terminal.wait() == -signal.SIGKILL
        assert [e["seq"] for e in seen] == list(range(1, len(seen) + 1))
        assert seen[-1]["status"] == "BUDGET_REACHED"


async def test_a_worker_that_is_stopped_finishes_its_steps(tmp_path: Path, redis_url: str) -> None:
    """After SIGTERM it is not ready and begins nothing; what runs is committed and not asked for again by the next
    worker, which goes on at once."""
    data_dir = tmp_path / "data"
    settings: dict[str, Any] = {"redis_url": redis_url, "lease_seconds": 20}
    async with oracle(seconds=1.0) as source, AsyncExitStack() as stack:
        running = await stack.enter_async_context(server(data_dir, oracle=source.address, **settings))
        first = await stack.enter_async_context(worker(data_dir, oracle=source.address, **settings))
        id = await started(running, "topic")
        await is_asked(source, 3)
        first.process.send_signal(signal.SIGTERM)
        assert await _said(first) == (503, "draining")
        assert await first.process.wait() == 0
        source.seconds = 0.01
        await stack.enter_async_context(worker(data_dir, oracle=source.address, **settings))
        assert await ended(running, id, seconds=10) == "COMPLETED"
        assert source.too_often == 0
    await check(data_dir, id)


async def test_a_worker_that_is_stopped_hands_back_what_takes_too_long(tmp_path: Path, redis_url: str) -> None:
    """After SHUTDOWN_SECONDS running steps are aborted, and the exploration is free at once for the next worker."""
    data_dir = tmp_path / "data"
    settings: dict[str, Any] = {"redis_url": redis_url, "lease_seconds": 60, "shutdown_seconds": 0.5}
    async with oracle(seconds=60) as source, AsyncExitStack() as stack:
        running = await stack.enter_async_context(server(data_dir, oracle=source.address, **settings))
        first = await stack.enter_async_context(worker(data_dir, oracle=source.address, **settings))
        id = await started(running, "topic")
        await is_asked(source)
        assert await exit_code(first) == 0
        source.seconds = 0.01
        await stack.enter_async_context(worker(data_dir, oracle=source.address, **settings))
        assert await ended(running, id, seconds=20) == "COMPLETED"
    await check(data_dir, id)


async def test_a_second_signal_ends_a_worker_at_once(tmp_path: Path, redis_url: str) -> None:
    """Whoever does not want to wait for its steps need not."""
    data_dir = tmp_path / "data"
    async with oracle(seconds=60) as source, AsyncExitStack() as stack:
        settings: dict[str, Any] = {"redis_url": redis_url, "shutdown_seconds": 60}
        running = await stack.enter_async_context(server(data_dir, oracle=source.address, **settings))
        first = await stack.enter_async_context(worker(data_dir, oracle=source.address, **settings))
        await started(running, "topic")
        await is_asked(source)
        first.process.send_signal(signal.SIGINT)
        assert await _said(first) == (503, "draining")
        assert await exit_code(first, signal.SIGTERM) == -signal.SIGTERM


async def test_without_redis_a_server_serves_and_work_waits(tmp_path: Path, redis_url: str) -> None:
    """While Redis cannot be reached the server is degraded and ready, reads and starts; the worker is not ready. Once
    it is back, what was started meanwhile is explored."""
    data_dir = tmp_path / "data"
    async with through_a_proxy(redis_url) as (network, url), AsyncExitStack() as stack:
        settings: dict[str, Any] = {"redis_url": url, "lease_seconds": 2}
        running = await stack.enter_async_context(server(data_dir, **settings))
        helper = await stack.enter_async_context(worker(data_dir, **settings))
        network.cut()
        code, body = await running.ready()
        assert (code, body["status"], body["checks"]["store"]) == (200, "degraded", {"status": "up"})
        assert body["checks"]["redis"]["status"] == "down"
        code, body = await helper.ready()
        assert (code, body["status"], body["checks"]["redis"]["status"]) == (503, "not ready", "down")
        id = await started(running)
        assert await status(running, id) == "QUEUED"
        network.mend()
        assert await ended(running, id) == "COMPLETED"
        assert (await running.ready())[1]["status"] == "ready"
    await check(data_dir, id)


async def test_what_may_be_evicted_may_be_away(tmp_path: Path, redis_url: str) -> None:
    """Without the server that REDIS_CACHE_URL names, work goes on: server and worker are degraded and ready."""
    data_dir = tmp_path / "data"
    settings: dict[str, Any] = {"redis_url": redis_url, "redis_cache_url": "redis://:hunter2@127.0.0.1:1/0"}
    async with server(data_dir, **settings) as running, worker(data_dir, **settings) as helper:
        for process in (running, helper):
            code, body = await process.ready()
            assert (code, body["status"]) == (200, "degraded")
            assert [name for name, check in body["checks"].items() if check["status"] == "down"] == ["redis_cache"]
            assert "hunter2" not in str(body)
        assert await ended(running, await started(running)) == "COMPLETED"


async def test_a_server_starts_without_redis(tmp_path: Path, redis_url: str) -> None:
    """Reads need none; the password of its address is shown nowhere."""
    data_dir = tmp_path / "data"
    async with through_a_proxy(redis_url) as (network, url):
        network.cut()
        secret = url.replace("redis://", "redis://:hunter2@")
        async with server(data_dir, redis_url=secret, log_level="DEBUG") as running:
            answer: dict[str, Any] = await running.graphql("{ server { version } }")
            assert answer["server"]["version"]
            code, body = await running.ready()
            assert (code, body["status"]) == (200, "degraded")
            assert await exit_code(running) == 0
        assert "hunter2" not in f"{body} {running.log.read_text()}"


async def _said(process: OurProcess) -> tuple[int, str]:
    """What a process that was told to stop says at /ready as soon as it has noticed."""
    async with asyncio.timeout(5):
        while True:
            code, body = await process.ready()
            if body["status"] != "ready":
                return code, body["status"]
