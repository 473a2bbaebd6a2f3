"""How fast events travel: two servers and two workers on a Neo4j and a Redis of their own.

First, how long after its commit a worker's event reaches subscribers at each of the servers. Then a thousand
subscribers of one exploration at one server: whether all get every event in order, how long the last of them lags, what
the server uses meanwhile, and how many connections it has for what it hears from Redis. The workers log when a commit
has returned; it is one machine, so there is one clock.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import click
from redis.asyncio import Redis
from rich.console import Console
from rich.table import Table

from bench.lags import Commits, Spread, commits, lags, last_lags
from bench.servers import Started, cpu_seconds, ports, started
from bench.subscribers import Socket, Subscriber, begun
from scripts.servers.answers import HOST
from scripts.servers.services import NEO4J, REDIS
from tests.support.oracle import oracle
from tests.support.processes import OurProcess, ServerProcess, server, worker

ON_ONE_SOCKET = 100
"""MAX_SUBSCRIPTIONS of the servers."""
AT_EACH = 5
"""Subscribers that an exploration has at each server, where the way of single events is measured."""
START = """
mutation Start($topic: String!, $concepts: Int!) {
  startExploration(input: {topic: $topic, depth: 5, breadth: 10, budget: {concepts: $concepts}}) {
    exploration { id } } }
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """All the processes."""

    servers: Sequence[ServerProcess]
    workers: Sequence[OurProcess]
    redis: Started
    session: aiohttp.ClientSession

    @property
    def commits(self) -> Commits:
        """By what the workers have logged so far."""
        return commits(each.log for each in self.workers)

    async def start(self, topic: str, concepts: int, by: int = 0) -> str:
        """Start an exploration; its global id."""
        answer = await self.servers[by].graphql(START, topic=topic, concepts=concepts)
        id: str = answer["startExploration"]["exploration"]["id"]
        return id

    async def watch(self, at: int, subscribers: Sequence[Subscriber]) -> None:
        """Have subscribers at a server follow their explorations to the end, as many on a WebSocket as it allows."""
        groups = [subscribers[i : i + ON_ONE_SOCKET] for i in range(0, len(subscribers), ON_ONE_SOCKET)]
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as reading:
            for group in groups:
                socket = Socket(self.session, self.servers[at].address, group)
                reading.create_task((await stack.enter_async_context(socket)).read())

    async def heard_over(self, at: int) -> int:
        """How many connections for messages of Redis a server has."""
        mine = ports(self.servers[at].process.pid)
        async with Redis(host=HOST, port=self.redis.port) as client:
            listening = await client.client_list(_type="pubsub")
        return sum(int(each["addr"].rsplit(":", 1)[1]) in mine for each in listening)


@dataclass(frozen=True, slots=True)
class Crowd:
    """What was seen of many subscribers at one server."""

    subscribers: Sequence[Subscriber]
    behind: Spread
    """For each event: until the last of them had it."""
    connections: int
    cpu: float
    seconds: float


@click.command(help=__doc__)
@click.option(
    "--subscribers", type=click.IntRange(1), default=1000, show_default=True, help="Of one exploration at one server."
)
@click.option("--concepts", type=click.IntRange(2), default=60, show_default=True, help="That they see found.")
def feed(subscribers: int, concepts: int) -> None:
    """See the module."""
    with (
        tempfile.TemporaryDirectory(prefix="continuum-bench-") as folder,
        started(NEO4J) as neo4j,
        started(REDIS) as redis,
    ):
        asyncio.run(_bench(Path(folder), neo4j, redis, subscribers, concepts))


async def _bench(folder: Path, neo4j: Started, redis: Started, subscribers: int, concepts: int) -> None:
    async with _scene(folder, neo4j, redis, seconds=0.4) as scene:
        await _between_processes(scene, "warming")  # plans are made, connections opened
        _show_lags(await _between_processes(scene, "measured"))
    async with _scene(folder, neo4j, redis, seconds=1.5, steps_at_once=1) as scene:
        _show_crowd(await _crowd(scene, subscribers, concepts))


@asynccontextmanager
async def _scene(
    folder: Path, neo4j: Started, redis: Started, seconds: float, **settings_of_workers: object
) -> AsyncIterator[Scene]:
    """`seconds`: how long the knowledge source takes for an answer, which paces all of it."""
    settings = {**neo4j.settings, **redis.settings, "max_subscriptions": ON_ONE_SOCKET}
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        source = await stack.enter_async_context(oracle(seconds))
        servers = [
            await stack.enter_async_context(server(folder / f"server{i}", oracle=source.address, **settings))
            for i in range(2)
        ]
        workers = [
            await stack.enter_async_context(
                worker(
                    folder / f"worker{i}", oracle=source.address, log_level="DEBUG", **settings, **settings_of_workers
                )
            )
            for i in range(2)
        ]
        yield Scene(servers, workers, redis, session)


async def _between_processes(scene: Scene, topic: str) -> Mapping[int, Spread]:
    """The lag at each server, with two explorations that were started at one each."""
    ids = [await scene.start(f"{topic}{by}", 10_000, by) for by in range(len(scene.servers))]
    groups = [[Subscriber(id) for id in ids for _ in range(AT_EACH)] for _ in scene.servers]
    async with asyncio.TaskGroup() as watching:
        for at, group in enumerate(groups):
            watching.create_task(scene.watch(at, group))
    _check(*groups)
    committed = scene.commits
    return {at: Spread.of(lag for each in group for lag in lags(committed, each)) for at, group in enumerate(groups)}


async def _crowd(scene: Scene, number: int, concepts: int) -> Crowd:
    subscribers = [Subscriber(id) for id in [await scene.start("crowd", concepts)] for _ in range(number)]
    pid = scene.servers[0].process.pid
    async with asyncio.TaskGroup() as watching:
        watching.create_task(scene.watch(0, subscribers))
        await begun(subscribers)
        cpu, since = cpu_seconds(pid), time.monotonic()
        connections = await scene.heard_over(0)
    used, seconds = cpu_seconds(pid) - cpu, time.monotonic() - since
    _check(subscribers)
    behind = Spread.of(last_lags(scene.commits, subscribers))
    return Crowd(subscribers, behind, connections, used, seconds)


def _check(*groups: Sequence[Subscriber]) -> None:
    """Every subscriber of an exploration had all its events, in order."""
    everybody = [each for group in groups for each in group]
    for id in {each.exploration for each in everybody}:
        numbers = {len(each.received) for each in everybody if each.exploration == id}
        if len(numbers) > 1 or not all(each.in_order and each.ended for each in everybody):
            raise click.ClickException(f"subscribers got {sorted(numbers)} events, or not in order")


def _show_lags(spreads: Mapping[int, Spread]) -> None:
    table = Table(title="From a worker's commit to a subscriber, in milliseconds")
    for heading in ("at", "events received", "median", "95th percentile", "most"):
        table.add_column(heading, justify="left" if heading == "at" else "right")
    for at, spread in spreads.items():
        table.add_row(f"server {at + 1}", f"{spread.number:,}", *spread.milliseconds)
    Console(width=150).print(table)


def _show_crowd(crowd: Crowd) -> None:
    """Nobody missed anything, or we would not be here."""
    number, events = len(crowd.subscribers), len(crowd.subscribers[0].received)
    table = Table("", "", title=f"{number:,} subscribers of one exploration at one server", show_header=False)
    table.add_row("events that each got, in order", f"{events:,}")
    table.add_row(
        "the last of them had it, ms after the commit: median, 95th percentile, most",
        " / ".join(crowd.behind.milliseconds),
    )
    table.add_row("CPU of the server", f"{crowd.cpu:.1f} s in {crowd.seconds:.1f} s")
    table.add_row("for each event and subscriber", f"{1e6 * crowd.cpu / (number * events):.0f} µs")
    table.add_row("its connections for what Redis says", f"{crowd.connections}")
    Console(width=150).print(table)
