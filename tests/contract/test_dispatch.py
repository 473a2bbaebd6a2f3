"""What every dispatch promises."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Protocol

import pytest

from exploration.dispatch.by_kind import ByKind
from exploration.dispatch.local import LocalDispatch
from exploration.dispatch.port import EXPLORATION, IMAGES, Dispatch, Job, Run
from exploration.dispatch.redis import RedisDispatch
from exploration.redis.link import connected
from tests.support import services

JOBS = [Job("main", EXPLORATION, f"0197a000-0000-7000-8000-00000000000{n}") for n in range(6)]


class Recorder:
    """Runs jobs by noting them, and holds them until it is let go."""

    def __init__(self) -> None:
        self.begun: list[Job] = []
        self.woken: list[Job] = []
        self.cancelled: list[Job] = []
        self.running = 0
        self.most = 0
        self.let_go = asyncio.Event()
        self.news = asyncio.Condition()

    async def run(self, job: Job, wake: asyncio.Event) -> None:
        """Until it is let go or woken."""
        self.running += 1
        self.most = max(self.most, self.running)
        self.begun.append(job)
        await self._tell()
        waits = [asyncio.create_task(self.let_go.wait()), asyncio.create_task(wake.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if wake.is_set():
                self.woken.append(job)
                await self._tell()
        except asyncio.CancelledError:
            self.cancelled.append(job)
            raise
        finally:
            self.running -= 1
            for wait in waits:
                wait.cancel()
            await self._tell()

    async def _tell(self) -> None:
        async with self.news:
            self.news.notify_all()

    async def has_begun(self, count: int) -> None:
        """Wait until so many runs have begun."""
        await self._until(lambda: len(self.begun) >= count)

    async def has_been_woken(self, count: int) -> None:
        """Wait until so many runs have been woken."""
        await self._until(lambda: len(self.woken) >= count)

    async def is_idle(self) -> None:
        """Wait until nothing runs."""
        await self._until(lambda: not self.running)

    async def _until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10), self.news:
            await self.news.wait_for(condition)


class Working(Dispatch, Protocol):
    """A dispatch in a process that works."""

    async def drain(self) -> None:
        """Wait until nothing runs."""
        ...


class Opened(Protocol):
    """Opens a dispatch in a process that works, which runs so many jobs at once; where it is shared, by this name."""

    def __call__(self, run: Run, concurrency: int, *, name: str = ...) -> AbstractAsyncContextManager[Working]: ...


def in_process(run: Run, concurrency: int, *, name: str = "") -> AbstractAsyncContextManager[Working]:  # noqa: ARG001 -- nobody shares it
    """A dispatch of this process alone."""
    return LocalDispatch(run, concurrency)


@asynccontextmanager
async def by_redis(url: str, run: Run, concurrency: int, *, name: str = "dispatch") -> AsyncIterator[Working]:
    """A worker of its own link, as in a process of its own."""
    async with connected(url) as link:
        dispatch = RedisDispatch(link, name=name)
        async with dispatch.working(run, concurrency):
            yield dispatch


@pytest.fixture(params=["local", pytest.param("redis", marks=services.REDIS)])
def working(request: pytest.FixtureRequest) -> Opened:
    """Opens one of the adapters, which runs so many jobs at once."""
    if request.param == "local":
        return in_process
    return partial(by_redis, request.getfixturevalue("redis_url"))


async def test_a_job_runs_once_however_often_it_is_enqueued_before_it_begins(working: Opened) -> None:
    """Enqueuing again what waits changes nothing."""
    recorder = Recorder()
    async with working(recorder.run, 1) as dispatch:
        await dispatch.enqueue(JOBS[0])
        await recorder.has_begun(1)
        for _ in range(3):
            await dispatch.enqueue(JOBS[1])
        await dispatch.enqueue(JOBS[2])
        recorder.let_go.set()
        await recorder.has_begun(3)
        await dispatch.drain()
    assert recorder.begun == JOBS[:3]


async def test_a_job_enqueued_while_it_runs_is_looked_at_again(working: Opened) -> None:
    """Its run may have been about to stop, so one more follows; not one for each call."""
    recorder = Recorder()
    async with working(recorder.run, 1) as dispatch:
        await dispatch.enqueue(JOBS[0])
        await recorder.has_begun(1)
        await dispatch.enqueue(JOBS[0])
        await dispatch.enqueue(JOBS[0])
        recorder.let_go.set()
        await recorder.has_begun(2)
        await dispatch.enqueue(JOBS[1])
        await recorder.has_begun(3)
        await dispatch.drain()
    assert recorder.begun == [JOBS[0], JOBS[0], JOBS[1]]


async def test_a_job_that_has_ended_can_be_enqueued_anew(working: Opened) -> None:
    """Nothing of an earlier run stands in its way."""
    recorder = Recorder()
    recorder.let_go.set()
    async with working(recorder.run, 1) as dispatch:
        for count in range(1, 4):
            await dispatch.enqueue(JOBS[0])
            await recorder.has_begun(count)
            await recorder.is_idle()
        await dispatch.drain()
    assert recorder.begun == [JOBS[0]] * 3


async def test_no_more_jobs_run_at_once_than_allowed(working: Opened) -> None:
    """The others wait for their turn, and all get it."""
    recorder = Recorder()
    async with working(recorder.run, 2) as dispatch:
        for job in JOBS:
            await dispatch.enqueue(job)
        await recorder.has_begun(2)
        recorder.let_go.set()
        await recorder.has_begun(len(JOBS))
        await dispatch.drain()
    assert (recorder.most, sorted(recorder.begun, key=str)) == (2, sorted(JOBS, key=str))


async def test_an_interrupt_reaches_the_one_that_runs(working: Opened) -> None:
    """Only the job that was named is woken; interrupting one that does not run is fine."""
    recorder = Recorder()
    async with working(recorder.run, 2) as dispatch:
        await dispatch.enqueue(JOBS[0])
        await dispatch.enqueue(JOBS[1])
        await recorder.has_begun(2)
        await dispatch.interrupt(JOBS[5])
        await dispatch.interrupt(JOBS[1])
        await recorder.has_been_woken(1)
        assert recorder.woken == [JOBS[1]]
        recorder.let_go.set()
        await dispatch.drain()


async def test_a_job_that_raises_harms_no_other(working: Opened) -> None:
    """Its error is logged, its place is free again, and it runs anew when it is enqueued."""
    recorder = Recorder()

    async def run(job: Job, wake: asyncio.Event) -> None:
        if job == JOBS[0] and JOBS[0] not in recorder.begun:
            recorder.begun.append(job)
            raise RuntimeError("boom")
        await recorder.run(job, wake)

    recorder.let_go.set()
    async with working(run, 1) as dispatch:
        await dispatch.enqueue(JOBS[0])
        await dispatch.enqueue(JOBS[1])
        await recorder.has_begun(2)
        await dispatch.enqueue(JOBS[0])
        await recorder.has_begun(3)
        await dispatch.drain()
    assert recorder.begun == [JOBS[0], JOBS[1], JOBS[0]]


async def test_draining_tells_what_runs_to_look(working: Opened) -> None:
    """Each job that runs is woken, and drained is who has none left."""
    recorder = Recorder()
    async with working(recorder.run, 2) as dispatch:
        await dispatch.enqueue(JOBS[0])
        await dispatch.enqueue(JOBS[1])
        await recorder.has_begun(2)
        await dispatch.drain()
        assert (sorted(recorder.woken, key=str), recorder.running) == (JOBS[:2], 0)


async def test_leaving_cancels_what_runs(working: Opened) -> None:
    """No job outlives its dispatch."""
    recorder = Recorder()
    async with working(recorder.run, 1) as dispatch:
        await dispatch.enqueue(JOBS[0])
        await recorder.has_begun(1)
    assert (recorder.cancelled, recorder.running) == ([JOBS[0]], 0)


async def test_dispatches_of_different_names_know_nothing_of_each_other(working: Opened) -> None:
    """A job is run where it was enqueued, also when the other one has a place free and runs one of its id."""
    one, other = Recorder(), Recorder()
    async with working(one.run, 1, name="one") as first, working(other.run, 2, name="other") as second:
        await first.enqueue(JOBS[0])
        await first.enqueue(JOBS[1])
        await second.enqueue(JOBS[0])
        await one.has_begun(1)
        await other.has_begun(1)
        one.let_go.set()
        await one.has_begun(2)
        other.let_go.set()
        await first.drain()
        await second.drain()
    assert (one.begun, other.begun) == (JOBS[:2], JOBS[:1])


async def test_a_queue_that_is_full_does_not_hold_up_the_other(working: Opened) -> None:
    """Jobs go by their kind, and so do interrupts."""
    explorations, images = Recorder(), Recorder()
    image = Job("main", IMAGES, JOBS[0].id)
    async with working(explorations.run, 1, name="one") as first, working(images.run, 1, name="other") as second:
        jobs = ByKind({EXPLORATION: first, IMAGES: second})
        await jobs.enqueue(JOBS[0])
        await jobs.enqueue(JOBS[1])
        await explorations.has_begun(1)
        await jobs.enqueue(image)
        await images.has_begun(1)
        await jobs.interrupt(image)
        await images.has_been_woken(1)
        assert (explorations.begun, explorations.woken, images.begun) == (JOBS[:1], [], [image])
        explorations.let_go.set()
        await explorations.has_begun(2)
        await first.drain()
        await second.drain()
