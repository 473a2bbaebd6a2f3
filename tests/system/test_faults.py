"""Faults: workers, servers, Neo4j and Redis are killed, frozen and cut off, and nothing comes of it but delay."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from continuum.assembly import assembled
from continuum.settings import Settings
from exploration.request import Request
from graphstore.model import Budget, ExplorationStatus
from resolvers.ids import EXPLORATION, global_id
from scripts.servers.services import NEO4J, REDIS
from tests.support import services
from tests.support.api import PROMISED, Api
from tests.support.cluster import LEASE, Backing, Cluster, Follower, backings, cluster, descriptors, flush, logged
from tests.support.exploring import end_of, until
from tests.support.graphs import check_history, graph_by_key
from tests.support.oracle import OracleSource, oracle
from tests.support.processes import ROOT

pytestmark = [pytest.mark.system, pytest.mark.services, pytest.mark.alone, pytest.mark.timeout(240)]

TOPIC = "whale"
RECOVERY = 30.0
"""Seconds after a fault's end within which the exploration has ended."""
FAULT = 10.0
ASKED_TWICE = 12
"""Questions that may be asked again after a fault: a few times what one owner had under way."""
SPARE = 6
"""Descriptors by which a process may grow: connections that were lost are being replaced, say."""
EARLY = 30
"""Events after which the fault comes."""

Fault = Callable[[Cluster, str], Awaitable[None]]


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Backing, Backing]]:
    """A Neo4j and a Redis that may be killed."""
    for service, reason in ((NEO4J, services.NO_NEO4J), (REDIS, services.NO_REDIS)):
        if service.ways[-1].missing():
            services.unavailable(reason)
    data = Path(os.environ.get("DATA_DIR", ROOT / "data"))
    with backings(data / "services" / f"faults-{os.getpid()}") as both:
        yield both


@pytest.fixture
async def bare(servers: tuple[Backing, Backing], tmp_path: Path) -> AsyncIterator[Cluster]:
    """Neo4j and Redis, empty, and nothing of ours yet."""
    async with cluster(tmp_path, *servers) as one:
        yield one


@pytest.fixture
async def running(bare: Cluster) -> Cluster:
    """Two servers and two workers."""
    await asyncio.gather(bare.serve(), bare.serve())
    await asyncio.gather(bare.work(), bare.work())
    return bare


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The graph of one exploration in peace, in the embedded store."""
    return asyncio.run(_undisturbed(tmp_path_factory.mktemp("undisturbed")))


async def _undisturbed(folder: Path) -> dict[str, Any]:
    async with oracle(seconds=0) as source:
        settings = Settings(data_dir=folder, knowledge_sources=("oracle",))
        sources = {"oracle": lambda _store: OracleSource(source.address)}
        async with assembled(settings, sources=sources) as parts:
            store = parts.database.within("main")
            request = Request(topic=TOPIC, depth=5, breadth=10, budget=Budget(10_000, 3_600))
            exploration = await parts.explorer.start(store, request)
            await end_of(parts, exploration)
            return await graph_by_key(store)


async def owner_killed(on: Cluster, id: str) -> None:
    """SIGKILL of the worker that has the exploration."""
    await on.owner(id).kill()


async def all_workers_killed(on: Cluster, _id: str) -> None:
    """SIGKILL of all workers; new ones are started."""
    await asyncio.gather(*(worker.kill() for worker in on.workers))
    await asyncio.gather(on.work(), on.work())


async def server_killed(on: Cluster, _id: str) -> None:
    """SIGKILL of the server that the subscriber is at."""
    await on.servers[0].kill()


async def owner_frozen(on: Cluster, id: str) -> None:
    """SIGSTOP of the owner until another worker has its lease, then SIGCONT."""
    frozen = on.owner(id)
    frozen.process.send_signal(signal.SIGSTOP)

    async def taken_over() -> bool:
        return on.owner(id) is not frozen

    await until(taken_over, 30)
    frozen.process.send_signal(signal.SIGCONT)

    async def fenced_off() -> bool:  # one that was frozen for long in the middle of a read hears of its time first
        return bool(logged(frozen, "lease_lost", id) or logged(frozen, "job_failed", id))

    await until(fenced_off, 15)


async def redis_killed(on: Cluster, _id: str) -> None:
    """SIGKILL of Redis, and a new start a second later."""
    await on.redis.kill()
    await asyncio.sleep(1)
    await on.redis.start()


async def redis_restarted(on: Cluster, _id: str) -> None:
    """An orderly end of Redis, and a new start."""
    await on.redis.stop()
    await on.redis.start()


async def redis_flushed(on: Cluster, _id: str) -> None:
    """FLUSHALL."""
    await flush(on.redis.port)


async def redis_unreachable(on: Cluster, _id: str) -> None:
    """Packets to and from Redis are lost."""
    on.to_redis.cut()
    await asyncio.sleep(FAULT)
    on.to_redis.mend()


async def redis_frozen(on: Cluster, _id: str) -> None:
    """SIGSTOP of Redis, then SIGCONT."""
    on.redis.signal(signal.SIGSTOP)
    await asyncio.sleep(FAULT)
    on.redis.signal(signal.SIGCONT)


async def neo4j_restarted(on: Cluster, _id: str) -> None:
    """An orderly end of Neo4j, and a new start."""
    await on.neo4j.stop()
    await on.neo4j.start()


async def neo4j_unreachable(on: Cluster, _id: str) -> None:
    """Packets to and from Neo4j are lost."""
    on.to_neo4j.cut()
    await asyncio.sleep(FAULT)
    on.to_neo4j.mend()


async def neo4j_slow(on: Cluster, _id: str) -> None:
    """Each piece of traffic with Neo4j takes 50 ms longer."""
    on.to_neo4j.delay = 0.05
    await asyncio.sleep(FAULT)
    on.to_neo4j.delay = 0.0


@pytest.mark.parametrize(
    "fault",
    [
        owner_killed,
        all_workers_killed,
        server_killed,
        owner_frozen,
        redis_killed,
        redis_restarted,
        redis_flushed,
        redis_unreachable,
        redis_frozen,
        neo4j_restarted,
        neo4j_unreachable,
        neo4j_slow,
    ],
    ids=lambda fault: fault.__name__,
)
async def test_a_fault_only_delays(running: Cluster, undisturbed: dict[str, Any], fault: Fault) -> None:
    """The exploration ends within 30 s of the fault's end with the graph of an undisturbed run; its events run 1..n
    and tell of exactly its members; a subscriber misses none; hardly a question was asked twice; nothing leaks."""
    id = await running.start(TOPIC)
    following = asyncio.create_task(Follower(running, id).follow())
    await running.grown(id, EARLY)
    before = {process: descriptors(process, running.pool) for process in (*running.servers, *running.workers)}
    await fault(running, id)
    await settled(running, id, undisturbed)
    await followed(running, following, id)
    await no_leak(running, before)


async def settled(on: Cluster, id: str, undisturbed: dict[str, Any]) -> None:
    """The exploration ends, as it would have in peace."""
    ended = await on.ended(id, RECOVERY)
    assert (ended.status, ended.reason) == (ExplorationStatus.COMPLETED, None)
    await check_history(on.store, id)
    assert await graph_by_key(on.store) == undisturbed
    assert on.oracle.too_often <= ASKED_TWICE
    assert await on.database.operations.verify() == ()


async def followed(on: Cluster, following: "asyncio.Task[list[dict[str, Any]]]", id: str) -> None:
    """The subscriber got every event once, and by them the members as they are stored."""
    events = await asyncio.wait_for(following, RECOVERY)
    assert [e["seq"] for e in events] == list(range(1, len(events) + 1))
    told = [c["id"] for e in events if e["__typename"] == "GraphGrew" for c in e["concepts"]]
    assert len(told) == len(set(told)) == (await on.exploration(id)).progress.concepts_found


async def no_leak(on: Cluster, before: dict[Any, int]) -> None:
    """Whoever still lives has about as many descriptors open as before."""
    for process, count in before.items():

        async def no_more_than_before(process: Any = process, count: int = count) -> bool:
            return descriptors(process, on.pool) <= count + SPARE

        if process.process.returncode is None:
            await until(no_more_than_before, 15)


@pytest.fixture
def faketime() -> Path:
    """The library that gives a process another clock."""
    for library in Path("/usr/lib").glob("*/faketime/libfaketime.so.1"):
        return library
    services.unavailable("no faketime (Debian: apt-get install faketime)")
    raise AssertionError


@pytest.mark.parametrize("hours", ["+1h", "-1h"])
async def test_a_wrong_clock_changes_nothing(
    bare: Cluster, undisturbed: dict[str, Any], faketime: Path, hours: str
) -> None:
    """A worker whose clock is an hour off neither takes what others own nor fails to own what it takes; when the
    owner is killed, whichever it is, the other one goes on."""
    wrong = {"ld_preload": faketime, "faketime": hours, "faketime_dont_fake_monotonic": 1}
    await bare.serve()
    await asyncio.gather(bare.work(), bare.work(**wrong))
    id = await bare.start(TOPIC)
    await bare.grown(id, EARLY)
    first = bare.owner(id)
    await asyncio.sleep(2 * LEASE)
    claims = sum(len(logged(worker, "exploration_claimed", id)) for worker in bare.workers)
    assert claims == 1
    await first.kill()
    await settled(bare, id, undisturbed)


async def test_subscribers_may_come_and_go(running: Cluster, undisturbed: dict[str, Any]) -> None:
    """While an exploration runs, 200 subscribers come, see a few events in order, and leave without a word: the others
    get everything, and nothing is left of those who went."""
    id = await running.start(TOPIC)
    following = asyncio.create_task(Follower(running, id).follow())
    await running.grown(id, EARLY)
    before = {server: descriptors(server, running.pool) for server in running.servers}
    chance = random.Random(7)
    visits = [(chance.choice(running.servers).address, chance.randint(1, 20), chance.random()) for _ in range(200)]
    await asyncio.gather(*(_visit(address, id, events, after) for address, events, after in visits))
    await settled(running, id, undisturbed)
    await followed(running, following, id)
    await no_leak(running, before)


async def _visit(address: str, id: str, events: int, after: float) -> None:
    await asyncio.sleep(4 * after)
    async with aiohttp.ClientSession(address) as session, Api(session).socket() as socket:
        seen = []
        async for result in socket.results(PROMISED["Watch"], id=global_id(EXPLORATION, id), after=0):
            seen.append(result["data"]["explorationEvents"]["seq"])
            if len(seen) == events:
                break
        assert seen == list(range(1, len(seen) + 1))
        assert socket.connection._response.connection is not None
        socket.connection._response.connection.transport.abort()


async def test_one_topic_explored_four_times_at_once(running: Cluster, undisturbed: dict[str, Any]) -> None:
    """Four explorations of one topic on two workers make the graph of one, and each has all its members."""
    ids = await asyncio.gather(*(running.start(TOPIC, by=n % 2) for n in range(4)))
    for id in ids:
        ended = await running.ended(id, 4 * RECOVERY)
        assert ended.status is ExplorationStatus.COMPLETED
        await check_history(running.store, id)
    expected = {**undisturbed, "members": sorted(undisturbed["members"] * 4)}
    assert await graph_by_key(running.store) == expected
    assert await running.database.operations.verify() == ()
