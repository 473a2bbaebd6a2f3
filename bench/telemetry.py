"""What tracing costs: CPU of a server for each request, with tracing and without.

Two servers over the same data are asked side by side, so that a noisy machine is as noisy to both. One traces and the
other does not, and then they change places, so that it does not matter which is the faster one. The figures are medians
of what these pairs of turns gave. Spans go to a collector in another process, which throws them away.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean, median, quantiles
from typing import TypeAlias

import aiohttp
import click
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console
from rich.table import Table

from bench.queries import CASES, Case, prepare
from bench.requests import Ground, fill, ground_of
from telemetry.traces import span
from tests.support.processes import ROOT, server

RATIOS = (0.1, 1.0)
"""Shares of the traces that are recorded; the first is the default."""
MEASURED = (CASES[0], CASES[2])
"""The smallest, and a usual one."""
SETTLE = 0.75
"""Seconds after each turn until its last spans were sent: more than `DELAY`."""
DELAY = 500
"""Milliseconds in which OpenTelemetry's queue waits for more spans; 5,000 unless one is set."""
IDLE = 5.0
LAP = 25
"""Requests that one server is asked before it is the other's turn."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server whose tracing can be switched."""

    session: aiohttp.ClientSession
    pid: int
    idle: float
    """CPU seconds that it takes in a second in which nobody asks for anything."""

    def switch(self) -> None:
        """Tracing is off from now on, or on again."""
        os.kill(self.pid, signal.SIGUSR1)


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds of one request, by pairs of turns, and how many spans one has that is recorded."""

    off: Sequence[float]
    on: Sequence[float]
    spans: float

    @property
    def more(self) -> list[float]:
        """By how many per cent it costs more with tracing."""
        return [100 * (on / off - 1) for off, on in zip(self.off, self.on, strict=True)]


Pair: TypeAlias = tuple[Running, Running]
"""The first traces, until they change places."""
Ask: TypeAlias = Callable[[aiohttp.ClientSession], Awaitable[object]]


@click.command(help=__doc__)
@click.option("--data", type=click.Path(path_type=Path, exists=True), help="JSON Lines to import first.")
@click.option("--requests", type=click.IntRange(1), default=500, show_default=True, help="Requests of one turn.")
@click.option("--turns", type=click.IntRange(2), default=12, show_default=True, help="Pairs of turns of each server.")
def telemetry(data: Path | None, requests: int, turns: int) -> None:
    """See the module."""
    with ground_of("sqlite") as ground:
        costs = asyncio.run(_bench(ground, data, requests, turns))
    _show(costs, f"CPU of the server for one request: {turns} pairs of turns of {requests} requests")
    _show_off(costs)


async def _bench(ground: Ground, data: Path | None, requests: int, turns: int) -> Mapping[Case, Mapping[float, Cost]]:
    await fill(ground, data)
    async with AsyncExitStack() as stack:
        collector = await stack.enter_async_context(_collector())
        pairs = {}
        for ratio in RATIOS:
            one, other = [await stack.enter_async_context(_started(ground, collector, ratio)) for _ in range(2)]
            other.switch()
            pairs[ratio] = (one, other)
        variables = await prepare(one.session)
        return {
            case: {
                ratio: await _cost(pair, ratio, partial(case.ask, variables=variables), requests, turns)
                for ratio, pair in pairs.items()
            }
            for case in MEASURED
        }


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
async def _started(ground: Ground, collector: str, ratio: float) -> AsyncIterator[Running]:
    settings: dict[str, object] = {
        **ground.settings,
        "lease_seconds": 600,  # of which sweeps follow, that are rare then
        "tracing_enabled": True,
        "otel_exporter_otlp_endpoint": collector,
        "otel_traces_sampler_arg": ratio,
        "otel_bsp_schedule_delay": DELAY,
    }
    async with (
        server(ground.data_dir, "bench.switched", oracle=None, **settings) as running,
        aiohttp.ClientSession(running.address) as session,
    ):
        pid = running.process.pid
        await asyncio.sleep(1)  # until it has really started
        before = _cpu_seconds(pid)
        await asyncio.sleep(IDLE)
        yield Running(session, pid, (_cpu_seconds(pid) - before) / IDLE)


async def _cost(pair: Pair, ratio: float, ask: Ask, requests: int, turns: int) -> Cost:
    await _turn(pair, ask, requests)  # to warm up
    spans = -await _spans(pair)
    on, off = [], []
    for _ in range(turns):
        first = await _turn(pair, ask, requests)
        _change_places(pair)
        second = await _turn(pair, ask, requests)
        _change_places(pair)
        on.append(fmean((first[0], second[1])))
        off.append(fmean((first[1], second[0])))
    spans += await _spans(pair)
    return Cost(off, on, spans / (2 * turns * requests * ratio))


def _change_places(pair: Pair) -> None:
    for one in pair:
        one.switch()


async def _turn(pair: Pair, ask: Ask, requests: int) -> list[float]:
    """What a request costs each of them."""
    began, before = time.monotonic(), [_cpu_seconds(one.pid) for one in pair]
    laps = max(1, requests // LAP)
    for lap in range(laps):
        for one in pair if lap % 2 else reversed(pair):
            for _ in range(LAP):
                await ask(one.session)
    await asyncio.sleep(SETTLE)
    lasted = time.monotonic() - began
    spent = ((one, _cpu_seconds(one.pid) - was) for one, was in zip(pair, before, strict=True))
    return [(seconds - one.idle * lasted) / (laps * LAP) for one, seconds in spent]


def _cpu_seconds(pid: int) -> float:
    """User and system time of a process with all its threads, finer than /proc tells: the clock of another process, as
    clock_getcpuclockid(3) numbers it on Linux."""
    return time.clock_gettime((~pid << 3) | 2)


async def _spans(pair: Pair) -> float:
    """How many were recorded so far."""
    total = 0.0
    for one in pair:
        async with one.session.get("/metrics") as response:
            families = text_string_to_metric_families(await response.text())
        total += sum(s.value for family in families for s in family.samples if s.name == "tracing_spans_total")
    return total


def _show(costs: Mapping[Case, Mapping[float, Cost]], title: str) -> None:
    table = Table(title=title)
    for heading in ("request", "recorded", "off, ms", "on, ms", "more", "half of the turns", "spans"):
        table.add_column(heading, justify="left" if heading == "request" else "right")
    for case, by_ratio in costs.items():
        for ratio, cost in by_ratio.items():
            low, _, high = quantiles(cost.more, n=4)
            off, on = (f"{1e3 * median(seconds):.3f}" for seconds in (cost.off, cost.on))
            spread = f"{low:+.1f} to {high:+.1f} %"
            table.add_row(case.title, f"{ratio:g}", off, on, f"{median(cost.more):+.1f} %", spread, f"{cost.spans:.1f}")
        table.add_section()
    Console(width=150).print(table)


def _show_off(costs: Mapping[Case, Mapping[float, Cost]]) -> None:
    """Too little to be told from noise, so it is reckoned: as many times as spans are asked for, what that takes."""
    each = _idle_span()
    for case, by_ratio in costs.items():
        cost = by_ratio[1.0]
        share = 100 * each * cost.spans / median(cost.off)
        print(f"Off, {case.title}: {cost.spans:.0f} spans not made, {1e6 * each:.2f} µs each: {share:.2f} %.")


def _idle_span(times: int = 100_000) -> float:
    began = time.thread_time()
    for _ in range(times):
        with span("nothing"):
            pass
    return (time.thread_time() - began) / times
