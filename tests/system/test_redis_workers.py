"""Workers over Redis on bad days: whoever dies, stands still or has the wrong time, a job runs, once at a time."""

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from exploration.dispatch.port import EXPLORATION, Job
from exploration.dispatch.redis import RedisDispatch
from exploration.redis.link import connected
from tests.support.exploring import until
from tests.support.redis_process import RedisProcess, redis_process
from tests.support.redis_worker import WorkerProcess, worker_process

pytestmark = pytest.mark.system

JOB = Job("main", EXPLORATION, "0197a000-0000-7000-8000-000000000001")
HOLD = 1.0
SOON = 5.0
"""Seconds within which a job must have been taken over; its hold is much shorter."""
BEGUN, ENDED, WOKEN = (f"{what} {JOB.id}" for what in ("begun", "ended", "woken"))


@pytest.fixture
async def server() -> AsyncIterator[RedisProcess]:
    """A Redis of the test's own."""
    async with redis_process() as running:
        yield running


@asynccontextmanager
async def swept(server: RedisProcess) -> AsyncIterator[None]:
    """Another process enqueues the job now and then, as a sweep does while the store says that nobody owns it."""

    async def sweep(dispatch: RedisDispatch) -> None:
        while True:
            await dispatch.enqueue(JOB)
            await asyncio.sleep(0.2)

    async with connected(server.url) as link:
        task = asyncio.create_task(sweep(RedisDispatch(link)))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def enqueue(server: RedisProcess) -> None:
    """Enqueue once, from a process that does not work."""
    async with connected(server.url) as link:
        await RedisDispatch(link).enqueue(JOB)


async def begun(*workers: WorkerProcess) -> list[int]:
    """How often each worker has begun the job until now."""
    for worker in workers:
        await worker.catch_up()
    return [worker.said.count(BEGUN) for worker in workers]


async def until_begun(workers: Sequence[WorkerProcess], *, more_than: list[int]) -> None:
    """Wait until they have begun it once more."""

    async def more() -> bool:
        return await begun(*workers) != more_than

    await until(more, SOON)


async def test_a_killed_workers_job_goes_to_another(server: RedisProcess) -> None:
    """Within seconds of SIGKILL, when the dead worker's hold has run out."""
    async with worker_process(server.url, hold=HOLD) as one:
        await enqueue(server)
        await one.says(BEGUN)
        one.send(signal.SIGKILL)
        async with worker_process(server.url, hold=HOLD) as two, swept(server), asyncio.timeout(SOON):
            await two.says(BEGUN)


async def test_a_stopped_workers_job_goes_to_another_at_once(server: RedisProcess) -> None:
    """What a worker did not finish when it was told to stop, another one takes although nobody enqueues it."""
    async with worker_process(server.url, hold=60) as one:
        await enqueue(server)
        await one.says(BEGUN)
        async with worker_process(server.url, hold=60) as two, asyncio.timeout(SOON):
            one.finish()
            await two.says(BEGUN)


@pytest.mark.parametrize("ahead", [0, 3_600, -3_600])
async def test_a_job_that_runs_is_left_alone(server: RedisProcess, ahead: float) -> None:
    """However often it is enqueued, much longer than a hold lasts, and whatever the other worker's clock says."""
    async with (
        worker_process(server.url, hold=HOLD) as one,
        worker_process(server.url, hold=HOLD, clock=ahead) as two,
    ):
        await enqueue(server)
        first, second = await who_began(one, two)
        async with swept(server):
            await asyncio.sleep(HOLD * 3)
            assert await begun(first, second) == [1, 0]
            first.send(signal.SIGKILL)
            async with asyncio.timeout(SOON):
                await second.says(BEGUN)


async def who_began(*workers: WorkerProcess) -> list[WorkerProcess]:
    """The workers, first the one that has begun the job."""
    await until_begun(workers, more_than=[0, 0])
    return sorted(workers, key=lambda w: BEGUN not in w.said)


async def test_a_frozen_worker_does_not_undo_anothers_work(server: RedisProcess) -> None:
    """It was stopped beyond its hold and goes on: when its run ends, the job still belongs to the one that took it."""
    async with worker_process(server.url, hold=HOLD) as one, swept(server):
        await one.says(BEGUN)
        one.send(signal.SIGSTOP)
        async with worker_process(server.url, hold=60) as two, server.client() as redis:
            await two.says(BEGUN)
            one.send(signal.SIGCONT)
            await one.end_runs()
            await one.says(ENDED)
            await asyncio.sleep(HOLD * 2)
            assert await begun(one, two) == [1, 1]
            assert await redis.exists(f"continuum:dispatch:hold:main:{EXPLORATION}:{JOB.id}")
            await two.end_runs()
            await until_begun([one, two], more_than=[1, 1])


async def test_an_interrupt_reaches_the_process_that_runs_it(server: RedisProcess) -> None:
    """From any process; also after Redis was restarted meanwhile, when one may have been missed."""
    async with worker_process(server.url, hold=HOLD) as one, connected(server.url) as link:
        await RedisDispatch(link).enqueue(JOB)
        await one.says(BEGUN)
        await RedisDispatch(link).interrupt(JOB)
        await one.says(WOKEN)
        await server.kill()
        await server.start()

        async def again() -> bool:
            await one.catch_up()
            return one.said.count(WOKEN) > 1

        await until(again, SOON)


@pytest.mark.parametrize("trouble", ["flushed", "restarted", "frozen"])
async def test_what_redis_forgets_changes_nothing(server: RedisProcess, trouble: str) -> None:
    """Emptied, killed or frozen beyond every limit: what runs goes on, is run by nobody else, and can end; what waits
    is enqueued again and runs."""
    async with worker_process(server.url, hold=HOLD) as one, worker_process(server.url, hold=HOLD) as two:
        await enqueue(server)
        first, second = await who_began(one, two)
        await cause(server, trouble)
        await asyncio.sleep(HOLD)  # by then whoever runs it holds it again
        async with swept(server):
            await asyncio.sleep(HOLD * 2)
            assert await begun(first, second) == [1, 0]
            await first.end_runs()
            await until_begun([first, second], more_than=[1, 0])


async def cause(server: RedisProcess, trouble: str) -> None:
    """Let it happen, and be over."""
    if trouble == "flushed":
        await server.flush()
    elif trouble == "restarted":
        await server.kill()
        await asyncio.sleep(1)
        await server.start()
    else:
        server.freeze()
        await asyncio.sleep(5)
        server.thaw()
