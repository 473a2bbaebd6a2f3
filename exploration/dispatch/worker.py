"""A worker: takes jobs from the queue and runs them.

SAQ has a worker of its own, which does not fit: it sets signal handlers, it spins while Redis is away, it asks Redis
every second whether each job was aborted, and it sweeps by comparing clocks. What a worker needs here is less.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import saq.job
import structlog
from redis.asyncio import Redis
from saq.job import Status

from exploration.dispatch.observed import named
from exploration.dispatch.port import Job, Run
from exploration.dispatch.queue import JobQueue
from exploration.dispatch.record import job_of
from exploration.redis.cancellation import cancellable
from exploration.redis.link import RedisLink
from exploration.redis.server import FAILURES
from exploration.tasks import cancel
from graphstore.errors import StoreError
from graphstore.ids import new_id

_log = structlog.get_logger(__name__)

BLOCK = 2.0
"""Seconds that the server may hold back an answer when no job waits."""
BLOCK_LIMIT = 4.0
"""Seconds after which the connection that waits for jobs counts as dead."""
LOOK_FOR_RETRIES = 0.5
"""Seconds between looks for retries that are due."""
SUBSCRIBE_LIMIT = 0.5
"""Seconds that a job waits until it can be interrupted. Then it begins all the same."""
PAUSE_FIRST, PAUSE_LAST = 0.1, 2.0
"""Seconds before dequeuing is tried again: at first, and at most."""


def channel(link: RedisLink, job: Job) -> str:
    """Where a running job is told to look."""
    return link.key("dispatch", "wake", job.workspace, job.kind, job.id)


@dataclass(slots=True)
class _Held:
    """A job in the hands of this worker."""

    job: Job
    record: saq.job.Job
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    listening: asyncio.Event = field(default_factory=asyncio.Event)
    begun: bool = False
    again: bool = False
    """Whether it came up once more, so that it may have been about to stop when somebody wanted it to run."""

    def heard(self, _message: str | None) -> None:
        """An interrupt, or that one may have been missed. What came before it began, it sees by itself."""
        (self.wake if self.begun else self.listening).set()


class Worker:
    """Runs so many jobs at a time. Used as a context manager: leaving it cancels what runs and waits for it."""

    def __init__(self, link: RedisLink, queue: JobQueue, run: Run, concurrency: int, hold: float) -> None:
        """`queue`: for short commands. `hold`: seconds for which a job is held without a sign of life."""
        self._link = link
        self._queue = queue
        self._run = run
        self._hold = hold
        self._slots = asyncio.Semaphore(concurrency)
        self._held: dict[Job, _Held] = {}
        self._runs: set[asyncio.Task[None]] = set()
        self._waiting = link.client(f"dequeue-{queue.name.rpartition(':')[2]}", limit=BLOCK_LIMIT)
        self._incoming = JobQueue(self._waiting, queue.name)
        self._stopping = False
        self._taking: asyncio.Task[None] | None = None
        self._upkeep: tuple[asyncio.Task[None], ...] = ()

    async def __aenter__(self) -> Self:
        self._taking = asyncio.create_task(self._take_jobs(), name="worker takes jobs")
        self._upkeep = (
            asyncio.create_task(self._keep_holds(), name="worker keeps holds"),
            asyncio.create_task(self._schedule_retries(), name="worker schedules retries"),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._take_no_more()
        await cancel(*self._runs)
        await cancel(*self._upkeep)
        await self._waiting.aclose()

    async def drain(self) -> None:
        """Take no more jobs, tell those that run to look, and wait for them."""
        await self._take_no_more()
        for held in self._held.values():
            held.wake.set()
        if self._runs:
            await asyncio.wait(self._runs)

    async def _take_no_more(self) -> None:
        self._stopping = True
        if self._taking is not None:
            await cancel(self._taking)

    async def _take_jobs(self) -> None:
        while True:
            await self._slots.acquire()
            try:
                held = await self._next()
            except BaseException:
                self._slots.release()
                raise
            self._held[held.job] = held
            task = asyncio.create_task(self._work(held), name=f"{held.job.kind} {held.job.id}")
            self._runs.add(task)
            task.add_done_callback(self._runs.discard)

    async def _next(self) -> _Held:
        """The next job that this worker holds. A server that is away is waited for."""
        pause = PAUSE_FIRST
        while True:
            await self._link.server.here()
            try:
                if (held := await self._dequeue()) is not None:
                    return held
                pause = PAUSE_FIRST
                continue
            except FAILURES as error:
                self._link.server.failed(error)
            except Exception as error:  # the edge: what SAQ raises for a record that is none must not end the worker
                _log.warning("job_unreadable", error=f"{type(error).__name__}: {error}")
            await asyncio.sleep(pause)
            pause = min(pause * 2, PAUSE_LAST)

    async def _dequeue(self) -> _Held | None:
        with cancellable():
            record = await self._incoming.dequeue(timeout=BLOCK)
        if record is None:
            return None
        job = job_of(record)
        if job in self._held:
            # Its hold was lost, with the server's memory or while this process stood still.
            self._held[job].again = True
            return None
        record.worker_id = new_id()
        record.attempts += 1

        async def take(_: Redis) -> bool:
            return await self._queue.take(record, self._hold)

        return _Held(job, record) if await self._link.attempt(take, otherwise=False) else None

    async def _work(self, held: _Held) -> None:
        failed = cancelled = False
        try:
            await self._run_it(held)
        except asyncio.CancelledError:
            cancelled = True
            raise
        except StoreError as error:
            failed = True
            _log.warning("job_failed", **named(held.job), error=str(error))
        except Exception:  # the edge: whatever a job raises must not end the worker
            failed = True
            _log.exception("job_failed", **named(held.job))
        finally:
            del self._held[held.job]
            self._slots.release()
            await self._leave(held, failed=failed, put_back=cancelled or self._stopping or held.again)

    async def _run_it(self, held: _Held) -> None:
        with self._link.listen(channel(self._link, held.job), held.heard):
            with suppress(TimeoutError):
                async with asyncio.timeout(SUBSCRIBE_LIMIT):
                    await held.listening.wait()
            held.begun = True
            await self._run(held.job, held.wake)

    async def _leave(self, held: _Held, *, failed: bool, put_back: bool) -> None:
        """Let go of a job. Where that cannot be said now, the hold ends by itself, and the store knows what is left."""
        record = held.record

        async def leave(_: Redis) -> None:
            if failed and record.retryable:
                await self._queue.retry(record, None)
                return
            record.attempts = 0
            if put_back:
                await self._queue.put_back(record)
            else:
                await self._queue.finish(record, Status.FAILED if failed else Status.COMPLETE)

        await self._link.attempt(leave, None)

    async def _keep_holds(self) -> None:
        async def keep(_: Redis) -> None:
            await self._queue.keep({h.record.key: str(h.record.worker_id) for h in self._held.values()}, self._hold)

        while True:
            await asyncio.sleep(self._hold / 3)
            await self._link.attempt(keep, None)

    async def _schedule_retries(self) -> None:
        async def schedule(_: Redis) -> None:
            await self._queue.schedule()

        while True:
            await asyncio.sleep(LOOK_FOR_RETRIES)
            await self._link.attempt(schedule, None)
