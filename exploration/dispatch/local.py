"""Dispatch within this process: jobs are asyncio tasks."""

import asyncio
from contextvars import Context
from types import TracebackType
from typing import Self

import structlog

from exploration.dispatch.observed import named
from exploration.dispatch.port import Job, Run
from exploration.tasks import cancel

_log = structlog.get_logger(__name__)


class LocalDispatch:
    """`exploration.dispatch.port.Dispatch` over this process's event loop.

    Used as a context manager: leaving it cancels what runs and waits for it; drain first by what `run` offers.
    """

    def __init__(self, run: Run, concurrency: int) -> None:
        self._run = run
        self._slots = asyncio.Semaphore(concurrency)
        self._jobs: dict[Job, tuple[asyncio.Task[None], asyncio.Event]] = {}
        self._again: set[Job] = set()
        """Jobs that were enqueued while they ran: they may have been about to stop, so they run once more."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await cancel(*(task for task, _ in self._jobs.values()))

    async def enqueue(self, job: Job) -> None:
        """See `Dispatch.enqueue`."""
        if job in self._jobs:
            self._again.add(job)
            return
        wake = asyncio.Event()
        # In a context of its own, as in another process: it goes on long after the request that wants it has ended.
        task = asyncio.create_task(self._work(job, wake), name=f"{job.kind} {job.id}", context=Context())
        self._jobs[job] = (task, wake)

    async def interrupt(self, job: Job) -> None:
        """See `Dispatch.interrupt`."""
        if job in self._jobs:
            self._jobs[job][1].set()

    async def drain(self) -> None:
        """Wait until nothing runs; each job is told to look at its status, where it learns that it should stop."""
        for _, wake in self._jobs.values():
            wake.set()
        await asyncio.gather(*(task for task, _ in self._jobs.values()), return_exceptions=True)

    async def _work(self, job: Job, wake: asyncio.Event) -> None:
        try:
            async with self._slots:
                while True:
                    self._again.discard(job)
                    try:
                        await self._run(job, wake)
                    except Exception:  # the edge: whatever a job raises must not end the server
                        _log.exception("job_failed", **named(job))
                    if job not in self._again:
                        return
        finally:
            # At once and not when the task is seen to be done: what is enqueued from here on must run anew.
            del self._jobs[job]
