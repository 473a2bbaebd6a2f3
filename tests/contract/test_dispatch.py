"""What every dispatch promises."""

import asyncio

from exploration.dispatch.local import LocalDispatch
from exploration.dispatch.port import EXPLORATION, Job

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
        except asyncio.CancelledError:
            self.cancelled.append(job)
            raise
        finally:
            self.running -= 1
            for wait in waits:
                wait.cancel()

    async def _tell(self) -> None:
        async with self.news:
            self.news.notify_all()

    async def has_begun(self, count: int) -> None:
        """Wait until so many runs have begun."""
        async with asyncio.timeout(5), self.news:
            await self.news.wait_for(lambda: len(self.begun) >= count)


async def test_a_job_runs_once_however_often_it_is_enqueued_before_it_begins() -> None:
    """Enqueuing again what waits changes nothing."""
    recorder = Recorder()
    async with LocalDispatch(recorder.run, 1) as dispatch:
        for _ in range(3):
            await dispatch.enqueue(JOBS[0])
        recorder.let_go.set()
        await dispatch.drain()
    assert recorder.begun == [JOBS[0]]


async def test_a_job_enqueued_while_it_runs_is_looked_at_again() -> None:
    """Its run may have been about to stop, so one more follows; not one for each call."""
    recorder = Recorder()
    async with LocalDispatch(recorder.run, 1) as dispatch:
        await dispatch.enqueue(JOBS[0])
        await recorder.has_begun(1)
        await dispatch.enqueue(JOBS[0])
        await dispatch.enqueue(JOBS[0])
        recorder.let_go.set()
        await recorder.has_begun(2)
        await dispatch.drain()
    assert recorder.begun == [JOBS[0]] * 2


async def test_no_more_jobs_run_at_once_than_allowed() -> None:
    """The others wait for their turn, and all get it."""
    recorder = Recorder()
    async with LocalDispatch(recorder.run, 2) as dispatch:
        for job in JOBS:
            await dispatch.enqueue(job)
        await recorder.has_begun(2)
        recorder.let_go.set()
        await recorder.has_begun(len(JOBS))
        await dispatch.drain()
    assert (recorder.most, sorted(recorder.begun, key=str)) == (2, sorted(JOBS, key=str))


async def test_an_interrupt_reaches_the_one_that_runs() -> None:
    """Only the job that was named is woken; interrupting one that does not run is fine."""
    recorder = Recorder()
    async with LocalDispatch(recorder.run, 2) as dispatch:
        await dispatch.enqueue(JOBS[0])
        await dispatch.enqueue(JOBS[1])
        await recorder.has_begun(2)
        await dispatch.interrupt(JOBS[1])
        await dispatch.interrupt(JOBS[5])
        recorder.let_go.set()
        await dispatch.drain()
    assert JOBS[1] in recorder.woken


async def test_a_job_that_raises_harms_no_other() -> None:
    """Its error is logged, its place is free again, and it can be enqueued anew."""
    ran: list[Job] = []

    async def run(job: Job, _wake: asyncio.Event) -> None:
        ran.append(job)
        raise RuntimeError("boom")

    async with LocalDispatch(run, 1) as dispatch:
        await dispatch.enqueue(JOBS[0])
        await dispatch.drain()
        await dispatch.enqueue(JOBS[0])
        await dispatch.drain()
    assert ran == [JOBS[0]] * 2


async def test_leaving_cancels_what_runs() -> None:
    """No job outlives its dispatch."""
    recorder = Recorder()
    async with LocalDispatch(recorder.run, 1) as dispatch:
        await dispatch.enqueue(JOBS[0])
        await recorder.has_begun(1)
    assert (recorder.cancelled, recorder.running) == ([JOBS[0]], 0)
