"""What tracing costs: CPU of the server for each request, beside that of a server in which nobody asks for a span.

Servers of all kinds run at once, over the same data, and are asked in turns, so that a noisy machine is as noisy to
each. The figures are medians of what the turns gave. Spans go to a collector in another process, which throws them
away.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import aiohttp
import click
from rich.console import Console
from rich.table import Table

from bench.queries import CASES, Case, prepare
from bench.requests import Ground, fill, ground_of
from telemetry.traces import span
from tests.support.processes import ROOT, server

SETTLE = 0.75
"""Seconds after each turn until its last spans were sent: more than the delay of OpenTelemetry's queue here."""
DELAY = 500
IDLE = 5.0
LAP = 25
"""Requests that one server is asked before it is the next one's turn."""
MEASURED = CASES[:3]


@dataclass(frozen=True, slots=True)
class Arm:
    """One kind of server."""

    title: str
    module: str
    settings: Mapping[str, object] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Running:
    """One of them, running."""

    arm: Arm
    session: aiohttp.ClientSession
    pid: int
    idle: float
    """CPU seconds that it takes in a second in which nobody asks for anything."""


def arms(collector: str) -> tuple[Arm, ...]:
    """The kinds, the first of which the others are compared with."""
    on = {"tracing_enabled": True, "otel_exporter_otlp_endpoint": collector, "otel_bsp_schedule_delay": DELAY}
    return (
        Arm("no calls of spans", "bench.spanless"),
        Arm("off", "continuum"),
        Arm("on, 0.1 (the default)", "continuum", on),
        Arm("on, 1.0", "continuum", {**on, "otel_traces_sampler_arg": 1}),
    )


@click.command(help=__doc__)
@click.option("--data", type=click.Path(path_type=Path, exists=True), help="JSON Lines to import first.")
@click.option("--requests", type=click.IntRange(1), default=500, show_default=True, help="Requests of one turn.")
@click.option("--turns", type=click.IntRange(2), default=12, show_default=True, help="Turns of each server.")
def telemetry(data: Path | None, requests: int, turns: int) -> None:
    """See the module."""
    with ground_of("sqlite") as ground:
        asyncio.run(_bench(ground, data, requests, turns))


async def _bench(ground: Ground, data: Path | None, requests: int, turns: int) -> None:
    await fill(ground, data)
    async with AsyncExitStack() as stack:
        collector = await stack.enter_async_context(_collector())
        running = [await stack.enter_async_context(_started(ground, arm)) for arm in arms(collector)]
        variables = await prepare(running[0].session)
        used = {case: await _turns(running, case, variables, requests, turns) for case in MEASURED}
    _show(used, f"CPU of the server for one request: {turns} turns of {requests} requests")
    print(f"A call of a span that is not made takes {1e6 * _idle_span():.2f} µs.")


@asynccontextmanager
async def _collector() -> AsyncIterator[str]:
    """A collector in a process of its own; its address."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.fake_collector"), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    try:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def _started(ground: Ground, arm: Arm) -> AsyncIterator[Running]:
    settings = {**ground.settings, "lease_seconds": 600, **arm.settings}  # of which sweeps follow, that are rare then
    async with (
        server(ground.data_dir, arm.module, oracle=None, **settings) as running,
        aiohttp.ClientSession(running.address) as session,
    ):
        pid = running.process.pid
        await asyncio.sleep(1)  # until it has really started
        before = _cpu_seconds(pid)
        await asyncio.sleep(IDLE)
        yield Running(arm, session, pid, (_cpu_seconds(pid) - before) / IDLE)


async def _turns(
    running: list[Running], case: Case, variables: Mapping[str, Any], requests: int, turns: int
) -> dict[Arm, list[float]]:
    """CPU seconds of one request, turn by turn."""
    used: dict[Arm, list[float]] = {one.arm: [] for one in running}
    await _turn(running, case, variables, requests)  # to warm up
    for _ in range(turns):
        for arm, seconds in (await _turn(running, case, variables, requests)).items():
            used[arm].append(seconds)
    return used


async def _turn(running: list[Running], case: Case, variables: Mapping[str, Any], requests: int) -> dict[Arm, float]:
    """They are asked a few times each, over and over, so that whatever else the machine does meets all of them."""
    began, before = time.monotonic(), [_cpu_seconds(one.pid) for one in running]
    for lap in range(max(1, requests // LAP)):
        for one in running if lap % 2 else reversed(running):
            for _ in range(min(LAP, requests)):
                await case.ask(one.session, variables)
    await asyncio.sleep(SETTLE)
    lasted, made = time.monotonic() - began, max(1, requests // LAP) * min(LAP, requests)
    pairs = zip(running, before, strict=True)
    return {one.arm: (_cpu_seconds(one.pid) - was - one.idle * lasted) / made for one, was in pairs}


def _cpu_seconds(pid: int) -> float:
    """User and system time of a process with all its threads, finer than /proc tells: the clock of another process, as
    clock_getcpuclockid(3) numbers it on Linux."""
    return time.clock_gettime((~pid << 3) | 2)


def _idle_span(times: int = 100_000) -> float:
    began = time.thread_time()
    for _ in range(times):
        with span("nothing"):
            pass
    return (time.thread_time() - began) / times


def _show(used: Mapping[Case, Mapping[Arm, list[float]]], title: str) -> None:
    table = Table(title=title)
    for heading in ("request", "tracing", "ms", "beside the first", "half of the turns"):
        table.add_column(heading, justify="left" if heading in {"request", "tracing"} else "right")
    for case, by_arm in used.items():
        first = next(iter(by_arm.values()))
        for arm, seconds in by_arm.items():
            beside = [100 * (own / other - 1) for own, other in zip(seconds, first, strict=True)]
            low, _, high = quantiles(beside, n=4)
            spread = f"{low:+.1f} to {high:+.1f} %"
            table.add_row(case.title, arm.title, f"{1e3 * median(seconds):.3f}", f"{median(beside):+.1f} %", spread)
        table.add_section()
    Console(width=150).print(table)
