"""What a request costs: CPU milliseconds of the server process, bytes of the answer, and calls of the store.

On Neo4j also the CPU milliseconds of its own process, and the round trips to it, which a proxy counts on the wire. Each
kind of request is warmed up first, so that parsing, validation and plans are cached as they are in servers that have
been running.
"""

import asyncio
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import click
from aiohttp.test_utils import TestServer
from rich.console import Console
from rich.table import Table

from bench.queries import CASES, Case, prepare
from bench.servers import Started, cpu_seconds, started
from continuum.app import Server
from continuum.assembly import assembled
from continuum.settings import Settings
from scripts.servers.answers import HOST
from scripts.servers.services import NEO4J
from tests.support.counting import CountedDatabase
from tests.support.processes import environment, server
from tests.support.proxy import Proxy, proxied

BESIDE = Path(__file__).parents[2] / "shared" / "data" / "oewn.jsonl.xz"
"""A large graph, where it happens to lie beside the project."""
NOWHERE = {"neo4j_uri": "", "redis_url": ""}
"""What the environment names is not what is measured."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What the servers stand on."""

    data_dir: Path
    neo4j: Started | None

    @property
    def settings(self) -> dict[str, str]:
        """For processes over this store."""
        return {**NOWHERE, **(self.neo4j.settings if self.neo4j else {})}


@dataclass(frozen=True, slots=True)
class Cost:
    """What one request of a kind costs."""

    cpu_ms: float
    neo4j_ms: float
    wall_ms: float
    size: int


@dataclass(frozen=True, slots=True)
class Calls:
    """What one request of a kind asks of the store."""

    made: Counter[str]
    round_trips: int


@click.command(help=__doc__)
@click.option("--store", type=click.Choice(["sqlite", "neo4j"]), default="sqlite", show_default=True, help="On what.")
@click.option("--data", type=click.Path(path_type=Path, exists=True), help="JSON Lines to import first.")
@click.option(
    "--requests", type=click.IntRange(1), default=300, show_default=True, help="Requests measured for each kind."
)
def requests(store: str, data: Path | None, requests: int) -> None:
    """See the module."""
    with ground_of(store) as ground:
        asyncio.run(_bench(ground, data, requests))


@contextmanager
def ground_of(store: str) -> Iterator[Ground]:
    """An empty store of this kind."""
    with tempfile.TemporaryDirectory(prefix="continuum-bench-") as folder:
        if store == "sqlite":
            yield Ground(Path(folder) / "data", None)
        else:
            with started(NEO4J) as neo4j:
                yield Ground(Path(folder) / "data", neo4j)


async def _bench(ground: Ground, data: Path | None, requests: int) -> None:
    await fill(ground, data)
    async with server(ground.data_dir, **ground.settings) as running, aiohttp.ClientSession(running.address) as session:
        variables = await prepare(session)
        pids = (running.process.pid, ground.neo4j.pid if ground.neo4j else None)
        costs = {case: await _cost(session, pids, case, variables, requests) for case in CASES}
    _show(costs, await _calls(ground, variables), requests, on_neo4j=ground.neo4j is not None)


async def fill(ground: Ground, data: Path | None) -> None:
    """Import the data, or what lies beside the project, or explore what is shipped."""
    if data or BESIDE.exists():
        await _run(ground, "import", str(data or BESIDE))
    else:
        await _run(ground, "explore", "photosynthesis", "--depth", "4", "--concepts", "1500")


async def _run(ground: Ground, *arguments: str) -> None:
    """Run a command of ours, with its own words on the terminal."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "continuum", *arguments), env=environment(ground.data_dir, **ground.settings)
    )
    if await process.wait():
        raise click.ClickException(f"continuum {arguments[0]} failed")


async def _cost(
    session: aiohttp.ClientSession,
    pids: tuple[int, int | None],
    case: Case,
    variables: Mapping[str, Any],
    requests: int,
) -> Cost:
    # A virtual machine compiles what it has often done: Neo4j is asked as often before as it is afterwards.
    for _ in range(max(20, requests if pids[1] else requests // 10)):
        body = await case.ask(session, variables)
    before, began = _used(pids), time.perf_counter()
    for _ in range(requests):
        await case.ask(session, variables)
    wall, (ours, neo4j) = time.perf_counter() - began, _used(pids)
    per_request = 1e3 / requests
    return Cost(per_request * (ours - before[0]), per_request * (neo4j - before[1]), per_request * wall, len(body))


def _used(pids: tuple[int, int | None]) -> tuple[float, float]:
    return cpu_seconds(pids[0]), cpu_seconds(pids[1]) if pids[1] else 0.0


async def _calls(ground: Ground, variables: Mapping[str, Any]) -> dict[Case, Calls]:
    """What each request asks of the store, counted in this process over the same data."""
    async with _counted_server(ground) as (session, database, proxy):
        found = {}
        for case in CASES:
            await case.ask(session, variables)  # opens the connections that it takes
            database.calls.clear()
            before = proxy.turns if proxy else 0
            await case.ask(session, variables)
            found[case] = Calls(Counter(database.calls), proxy.turns - before if proxy else 0)
        return found


@asynccontextmanager
async def _counted_server(
    ground: Ground,
) -> AsyncIterator[tuple[aiohttp.ClientSession, CountedDatabase, Proxy | None]]:
    """A server in this process, its store counted, its way to Neo4j through a proxy."""
    async with _to_neo4j(ground) as (proxy, reached):
        named: dict[str, Any] = {name: value or None for name, value in {**ground.settings, **reached}.items()}
        async with assembled(Settings(data_dir=ground.data_dir, **named), sweep=False) as parts:
            database = CountedDatabase(parts.database)
            app = Server.of(replace(parts, database=database)).app
            async with TestServer(app) as test_server, aiohttp.ClientSession(test_server.make_url("/")) as session:
                yield session, database, proxy


@asynccontextmanager
async def _to_neo4j(ground: Ground) -> AsyncIterator[tuple[Proxy | None, Mapping[str, str]]]:
    if ground.neo4j is None:
        yield None, {}
        return
    async with proxied(HOST, ground.neo4j.port) as proxy:
        yield proxy, {"neo4j_uri": "bolt://{}:{}".format(*proxy.address)}


def _show(costs: Mapping[Case, Cost], calls: Mapping[Case, Calls], requests: int, *, on_neo4j: bool) -> None:
    table = Table(title=f"One request, as the mean of {requests}, one after another")
    figures = ("server CPU ms", *(("Neo4j CPU ms",) if on_neo4j else ()), "wall ms", "bytes")
    trips = ("round trips",) if on_neo4j else ()
    for heading in ("request", *figures, *trips, "store calls"):
        table.add_column(heading, justify="left" if heading in {"request", "store calls"} else "right")
    for case, cost in costs.items():
        times = (cost.cpu_ms, *((cost.neo4j_ms,) if on_neo4j else ()), cost.wall_ms)
        asked = calls[case]
        of_store = (*((str(asked.round_trips),) if on_neo4j else ()), _named(asked.made))
        table.add_row(case.title, *(f"{time:.2f}" for time in times), f"{cost.size:,}", *of_store)
    Console(width=150).print(table)


def _named(made: Counter[str]) -> str:
    calls = ", ".join(f"{name} x{n}" if n > 1 else name for name, n in sorted(made.items()))
    return f"{made.total()}: {calls}"
