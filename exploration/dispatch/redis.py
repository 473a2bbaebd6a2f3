"""Dispatch between processes, by SAQ over Redis."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis

from exploration.dispatch.port import Job, Run
from exploration.dispatch.queue import JobQueue
from exploration.dispatch.record import record_of
from exploration.dispatch.worker import Worker, channel
from exploration.redis.link import RedisLink


class RedisDispatch:
    """`exploration.dispatch.port.Dispatch` over a link. Processes that only enqueue need nothing else."""

    def __init__(self, link: RedisLink, *, name: str = "dispatch", hold: float = 3.0) -> None:
        """`name`: of the queue; queues of different names know nothing of each other's jobs. `hold`: seconds after its
        last sign of life at which a worker counts as dead. At most the lease."""
        self._link = link
        self._hold = hold
        self._queue = JobQueue(link.server.redis, link.key(name))
        self._worker: Worker | None = None

    async def enqueue(self, job: Job) -> None:
        """See `Dispatch.enqueue`."""

        async def enqueue(_: Redis) -> None:
            await self._queue.enqueue(record_of(job))

        await self._link.attempt(enqueue, None)

    async def interrupt(self, job: Job) -> None:
        """See `Dispatch.interrupt`."""
        self._link.post(channel(self._link, job), "look")

    @asynccontextmanager
    async def working(self, run: Run, concurrency: int) -> AsyncIterator[None]:
        """Take jobs and run so many at once while the context is open; leaving it cancels what runs."""
        async with Worker(self._link, self._queue, run, concurrency, self._hold) as self._worker:
            yield

    async def drain(self) -> None:
        """Take no more jobs and wait until nothing runs; each job is told to look at its status, where it learns
        that it should stop. What ends meanwhile is put back, so that another worker goes on with it."""
        if self._worker is not None:
            await self._worker.drain()
