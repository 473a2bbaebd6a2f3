"""Several servers and workers on one Neo4j and one Redis of their own, behind a network that can be bad."""

import asyncio
import itertools
import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp
from neo4j import AsyncGraphDatabase
from redis.asyncio import Redis

from graphstore import neo4j
from graphstore.model import ENDED, Exploration
from graphstore.port import Database, Store
from resolvers.ids import EXPLORATION, global_id, raw_id
from scripts.servers.answers import HOST, PASSWORD, USER
from scripts.servers.place import Place
from scripts.servers.process import Process
from scripts.servers.running import down, running_at, up
from scripts.servers.services import NEO4J, REDIS, Service
from tests.support.api import PROMISED, Api
from tests.support.exploring import until
from tests.support.oracle import Oracle, oracle
from tests.support.processes import OurProcess, ServerProcess, server, worker
from tests.support.proxy import Proxy, proxied

LEASE = 2.0
LOOK_EVERY = 0.2
"""Seconds between looks at the store: each of them takes from what the processes under test have."""
START = """
mutation Start($topic: String!) {
  startExploration(input: {topic: $topic, depth: 5, breadth: 10, budget: {concepts: 10000, seconds: 3600}}) {
    exploration { id } } }
"""


@dataclass(frozen=True, slots=True)
class Backing:
    """A server that ours stand on, which a test may kill, freeze and start again."""

    service: Service
    place: Place

    @property
    def pid(self) -> int:
        """Its process."""
        running = running_at(self.service, self.place)
        assert running is not None
        return int(running.id)

    @property
    def port(self) -> int:
        """Where it listens."""
        running = running_at(self.service, self.place)
        assert running is not None
        return running.port

    def start_now(self) -> None:
        """Start it, or start it again with the data that it had, on the same port."""
        up(self.service, self.place, lambda _text: None)

    async def start(self) -> None:
        """The same, while others go on."""
        await asyncio.to_thread(self.start_now)

    async def stop(self) -> None:
        """SIGTERM, and wait for its end."""
        await asyncio.to_thread(down, self.service, self.place)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    async def kill(self) -> None:
        """SIGKILL, and wait for its end."""
        self.signal(signal.SIGKILL)

        async def gone() -> bool:
            return running_at(self.service, self.place) is None

        await until(gone, 10)


@dataclass
class Cluster:
    """What a fault test works with."""

    folder: Path
    neo4j: Backing
    redis: Backing
    to_neo4j: Proxy
    to_redis: Proxy
    oracle: Oracle
    database: Database
    stack: AsyncExitStack
    servers: list[ServerProcess] = field(default_factory=list)
    workers: list[OurProcess] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=itertools.count)
    """Of processes, for the names of their logs."""

    @property
    def store(self) -> Store:
        """The workspace in which all of it happens."""
        return self.database.within("main")

    @property
    def pool(self) -> int:
        """The port at which our processes have pools of connections."""
        return self.to_neo4j.address[1]

    def settings(self) -> dict[str, object]:
        """The settings of our processes."""
        return {
            "neo4j_uri": "bolt://{}:{}".format(*self.to_neo4j.address),
            "neo4j_user": USER,
            "neo4j_password": PASSWORD,
            "redis_url": "redis://{}:{}/0".format(*self.to_redis.address),
            "knowledge_sources": "oracle",
            "lease_seconds": LEASE,
            "drain_seconds": 0,
            "log_level": "INFO",
        }

    async def serve(self, **settings: object) -> ServerProcess:
        """One server more."""
        context = server(self._next_dir("server"), oracle=self.oracle.address, **self.settings(), **settings)
        self.servers.append(await self.stack.enter_async_context(context))
        return self.servers[-1]

    async def work(self, **settings: object) -> OurProcess:
        """One worker more."""
        context = worker(self._next_dir("worker"), oracle=self.oracle.address, **self.settings(), **settings)
        self.workers.append(await self.stack.enter_async_context(context))
        return self.workers[-1]

    def _next_dir(self, kind: str) -> Path:
        """A folder for the next process, beside which its log lies."""
        return self.folder / f"{kind}{next(self.numbers)}"

    async def start(self, topic: str, by: int = 0) -> str:
        """Start an exploration; its id as the store knows it."""
        answer = await self.servers[by].graphql(START, topic=topic)
        return raw_id("id", answer["startExploration"]["exploration"]["id"], EXPLORATION)

    async def exploration(self, id: str) -> Exploration:
        """The exploration as it is now."""
        return (await self.store.explorations.get([id]))[id]

    async def grown(self, id: str, seq: int, seconds: float = 30) -> None:
        """Wait until so many events are stored."""

        async def is_stored() -> bool:
            return (await self.exploration(id)).next_seq > seq

        await until(is_stored, seconds, LOOK_EVERY)

    async def ended(self, id: str, seconds: float = 30) -> Exploration:
        """Wait for its end; it as it is then."""

        async def has_ended() -> bool:
            return (await self.exploration(id)).status in ENDED

        await until(has_ended, seconds, LOOK_EVERY)
        return await self.exploration(id)

    def owner(self, id: str) -> OurProcess:
        """The worker that claimed the exploration last, told by what the workers log."""
        claims = [(line["timestamp"], w) for w in self.workers for line in logged(w, "exploration_claimed", id)]
        return max(claims, key=lambda claim: claim[0])[1]


def logged(process: OurProcess, event: str, exploration: str) -> list[dict[str, Any]]:
    """The lines of a process's log that tell of this event of the exploration."""
    lines = (json.loads(line) for line in process.log.read_text(encoding="utf-8").splitlines() if line.startswith("{"))
    return [line for line in lines if line["event"] == event and line.get("exploration") == exploration]


def descriptors(process: OurProcess, pool: int) -> int:
    """How many files and sockets a process has open, its pool of connections to that port left out, which has a bound
    of its own and reaches it late."""
    folder = Path(f"/proc/{process.process.pid}")
    sockets = [line.split() for line in (folder / "net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    pooled = {f"socket:[{inode}]" for _, _, far, _, _, _, _, _, _, inode, *_ in sockets if _port(far) == pool}
    return sum(_target(link) not in pooled for link in (folder / "fd").iterdir())


def _port(address: str) -> int:
    """Of an address as proc(5) has it, in hexadecimal."""
    return int(address.rpartition(":")[2], 16)


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except FileNotFoundError:  # closed since it was listed
        return ""


class Follower:
    """A subscriber that goes to the next server whenever it loses the one it is at."""

    def __init__(self, cluster: Cluster, id: str) -> None:
        self._cluster = cluster
        self._id = global_id(EXPLORATION, id)
        self.events: list[dict[str, Any]] = []

    async def follow(self) -> list[dict[str, Any]]:
        """All events, up to the end."""
        for turn in itertools.count():
            living = [s for s in self._cluster.servers if s.process.returncode is None]
            with suppress(aiohttp.ClientError, TypeError, TimeoutError):  # TypeError: a close where JSON was expected
                if await self._follow(living[turn % len(living)].address):
                    return self.events
            await asyncio.sleep(0.1)
        raise AssertionError("it follows until the end")

    async def _follow(self, address: str) -> bool:
        seen = self.events[-1]["seq"] if self.events else 0
        async with aiohttp.ClientSession(address) as session, Api(session).socket() as socket:
            async for result in socket.results(PROMISED["Watch"], id=self._id, after=seen):
                if "errors" in result:
                    return False
                self.events.append(result["data"]["explorationEvents"])
        return True


@contextmanager
def backings(folder: Path) -> Iterator[tuple[Backing, Backing]]:
    """A Neo4j and a Redis of the tests' own; all they wrote goes with them."""
    both = [Backing(_as_process(service), Place(folder / service.name)) for service in (NEO4J, REDIS)]
    try:
        for backing in both:
            backing.start_now()
        yield both[0], both[1]
    finally:
        for backing in both:
            down(backing.service, backing.place)
            backing.place.delete()


def _as_process(service: Service) -> Service:
    """The way by which it has a process that can be sent signals."""
    return replace(service, ways=[way for way in service.ways if isinstance(way, Process)])


@asynccontextmanager
async def cluster(folder: Path, neo4j_backing: Backing, redis_backing: Backing) -> AsyncIterator[Cluster]:
    """Two servers and two workers, nothing stored yet."""
    async with (
        AsyncExitStack() as stack,
        oracle() as source,
        proxied(HOST, neo4j_backing.port) as to_neo4j,
        proxied(HOST, redis_backing.port) as to_redis,
    ):
        uri = f"bolt://{HOST}:{neo4j_backing.port}"
        await _emptied(uri, redis_backing.port)
        database = await neo4j.open_database(uri, user=USER, password=PASSWORD)
        stack.push_async_callback(database.close)
        yield Cluster(folder, neo4j_backing, redis_backing, to_neo4j, to_redis, source, database, stack)


async def _emptied(uri: str, redis_port: int) -> None:
    async with AsyncGraphDatabase.driver(uri, auth=(USER, PASSWORD), telemetry_disabled=True) as driver:
        await driver.execute_query("MATCH (n) WHERE NOT n:Migration DETACH DELETE n")
    await flush(redis_port)


async def flush(redis_port: int) -> None:
    """FLUSHALL: all that Redis held is gone."""
    async with Redis(host=HOST, port=redis_port) as client:
        await client.flushall()
