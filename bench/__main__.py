"""What a request costs: CPU milliseconds of the server process, bytes of the answer, and calls of the store.

The figures of one run compare with each other; across machines only their ratios do. Each kind of request is warmed
up first, so that parsing and validation are cached as they are in a server that has been running.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import click
from aiohttp.test_utils import TestServer
from rich.console import Console
from rich.table import Table

from bench.queries import CASES, Case, prepare
from continuum.app import Server
from continuum.assembly import assembled
from continuum.settings import Settings
from tests.support.counting import CountedDatabase
from tests.support.processes import environment, server

BESIDE = Path(__file__).parents[2] / "shared" / "data" / "oewn.jsonl.xz"
"""A large graph, where it happens to lie beside the project."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one request of a kind costs."""

    cpu_ms: float
    wall_ms: float
    size: int


@click.command(help=__doc__)
@click.option("--data", type=click.Path(path_type=Path, exists=True), help="JSON Lines to import first.")
@click.option("--requests", default=300, show_default=True, help="Requests that are measured for each kind.")
def main(data: Path | None, requests: int) -> None:
    """See the module."""
    asyncio.run(_bench(data or (BESIDE if BESIDE.exists() else None), requests))


async def _bench(data: Path | None, requests: int) -> None:
    with tempfile.TemporaryDirectory(prefix="continuum-bench-") as folder:
        data_dir = Path(folder) / "data"
        fill = ("import", str(data)) if data else ("explore", "photosynthesis", "--depth", "4", "--concepts", "1500")
        await _run(data_dir, *fill)
        async with server(data_dir) as running, aiohttp.ClientSession(running.address) as session:
            variables = await prepare(session)
            costs = {case: await _cost(session, running.process.pid, case, variables, requests) for case in CASES}
        calls = await _store_calls(data_dir, variables)
    _show(costs, calls, requests)


async def _run(data_dir: Path, *arguments: str) -> None:
    """Run a command of ours, with its own words on the terminal."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "continuum", *arguments), env=environment(data_dir)
    )
    if await process.wait():
        raise click.ClickException(f"continuum {arguments[0]} failed")


async def _cost(
    session: aiohttp.ClientSession, pid: int, case: Case, variables: Mapping[str, Any], requests: int
) -> Cost:
    for _ in range(max(20, requests // 10)):
        body = await case.ask(session, variables)
    cpu, wall = _cpu_seconds(pid), time.perf_counter()
    for _ in range(requests):
        await case.ask(session, variables)
    cpu, wall = _cpu_seconds(pid) - cpu, time.perf_counter() - wall
    return Cost(1e3 * cpu / requests, 1e3 * wall / requests, len(body))


def _cpu_seconds(pid: int) -> float:
    """User and system time of a process with all its threads (proc(5), fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _store_calls(data_dir: Path, variables: Mapping[str, Any]) -> dict[Case, Counter[str]]:
    """The calls that each request makes, counted in this process over the same file."""
    async with assembled(Settings(data_dir=data_dir), sweep=False) as parts:
        counted = CountedDatabase(parts.database)
        app = Server.of(replace(parts, database=counted)).app  # type: ignore[arg-type]
        found = {}
        async with TestServer(app) as test_server, aiohttp.ClientSession(test_server.make_url("/")) as session:
            for case in CASES:
                counted.calls.clear()
                await case.ask(session, variables)
                found[case] = Counter(counted.calls)
        return found


def _show(costs: Mapping[Case, Cost], calls: Mapping[Case, Counter[str]], requests: int) -> None:
    table = Table(title=f"One request, as the mean of {requests}, one after another")
    for heading in ("request", "server CPU ms", "wall ms", "bytes", "store calls"):
        table.add_column(heading, justify="left" if heading in {"request", "store calls"} else "right")
    for case, cost in costs.items():
        made = ", ".join(f"{name} x{n}" if n > 1 else name for name, n in sorted(calls[case].items()))
        of_store = f"{calls[case].total()}: {made}"
        table.add_row(case.title, f"{cost.cpu_ms:.2f}", f"{cost.wall_ms:.2f}", f"{cost.size:,}", of_store)
    Console(width=150).print(table)


if __name__ == "__main__":
    main()
