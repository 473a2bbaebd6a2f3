"""Processes are replaced one after another while clients go on: nobody is refused, and nobody misses anything."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.balancer import Balancer, balancer
from tests.support.oracle import oracle
from tests.support.processes import ROOT, OurProcess, server, worker
from tests.support.services import Neo4j
from tests.support.steady import RESTARTS, Load, missing, steady_load

pytestmark = [pytest.mark.system, pytest.mark.alone, pytest.mark.timeout(280)]

SETTINGS = (ROOT / "infra/kubernetes/base/settings.env").read_text(encoding="utf-8")
AS_DEPLOYED = {
    name.lower(): value for name, value in re.findall(r"^((?:DRAIN|SHUTDOWN)_SECONDS)=(.*)$", SETTINGS, re.MULTILINE)
}
"""The figures that decide over an orderly end, as production has them."""
ROUNDS = 2
LEAST_RATE = 15.0
"""Requests in a second below which this would have shown nothing."""

Start = Callable[[], AbstractAsyncContextManager[OurProcess]]


class Running:
    """One place in a deployment: the process in it is replaced by a new one of its kind."""

    def __init__(self, start: Start) -> None:
        self._start = start
        self._stack = AsyncExitStack()
        self.process: OurProcess | None = None

    async def begin(self) -> OurProcess:
        """Start one."""
        self.process = await self._stack.enter_async_context(self._start())
        return self.process

    async def end(self) -> None:
        """SIGTERM; it ends in good order."""
        assert self.process is not None
        assert await self.process.terminate() == 0

    async def close(self) -> None:
        """Kill what still runs."""
        await self._stack.aclose()


@asynccontextmanager
async def place(start: Start) -> AsyncIterator[Running]:
    """A place, empty to begin with."""
    running = Running(start)
    try:
        yield running
    finally:
        await running.close()


async def replaced(running: Running, behind: Balancer | None) -> None:
    """First the old one ends, then a new one starts, as where there is no room for both."""
    assert running.process is not None
    old = running.process.address
    await running.end()
    if behind is not None:
        await behind.remove(old)
    new = await running.begin()
    if behind is not None:
        await behind.add(new.address)


def check(load: Load, behind: Balancer, restarts: int) -> None:
    """Nothing was lost, and there was something to lose."""
    assert load.failures == []
    assert behind.refused == 0
    assert load.rate > LEAST_RATE
    assert set(load.closed) <= {RESTARTS}
    assert load.closed.total() >= restarts
    for events in load.histories.values():
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        assert events[-1]["status"] == "COMPLETED"
    print(  # noqa: T201 - figures for whoever looks
        f"{restarts} servers replaced, {load.answered} requests ({load.rate:.0f}/s, slowest {load.slowest:.2f} s), "
        f"{len(load.histories)} explorations followed over {load.closed.total()} reconnections"
    )


async def test_servers_on_one_file_are_replaced(tmp_path: Path) -> None:
    """Two servers on one SQLite file, each replaced twice under load: every request is answered with data, what was
    confirmed is stored, and every subscriber gets each event once, in order, up to the end."""
    async with oracle(seconds=0.2) as source, balancer() as behind:

        def start() -> AbstractAsyncContextManager[OurProcess]:
            return server(tmp_path / "data", oracle=source.address, **AS_DEPLOYED)

        async with place(start) as one, place(start) as two:
            for running in (one, two):
                await behind.add((await running.begin()).address)
            async with steady_load(behind.address) as load:
                for running in (one, two) * ROUNDS:
                    await replaced(running, behind)
            check(load, behind, 2 * ROUNDS)
            assert await missing(load) == []


async def test_servers_and_workers_are_replaced(tmp_path: Path, neo4j: Neo4j, redis_url: str) -> None:
    """The same with two servers and a worker on Neo4j and Redis, the worker replaced as well."""
    settings: dict[str, Any] = {**neo4j.settings, "redis_url": redis_url, "log_level": "INFO", **AS_DEPLOYED}
    async with oracle(seconds=0.2) as source, balancer() as behind:

        def start() -> AbstractAsyncContextManager[OurProcess]:
            return server(tmp_path / "server", oracle=source.address, **settings)

        def start_worker() -> AbstractAsyncContextManager[OurProcess]:
            return worker(tmp_path / "worker", oracle=source.address, **settings)

        async with place(start_worker) as works, place(start) as one, place(start) as two:
            await works.begin()
            for running in (one, two):
                await behind.add((await running.begin()).address)
            async with steady_load(behind.address) as load:
                for running in (one, works, two) * ROUNDS:
                    await replaced(running, None if running is works else behind)
            check(load, behind, 2 * ROUNDS)
            assert await missing(load) == []
