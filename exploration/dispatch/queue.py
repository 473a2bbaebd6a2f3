"""SAQ's queue, with signs of life in place of clocks.

SAQ compares the clock of the process that sweeps with that of the worker to tell whether the worker is dead; one
process whose clock is off would abort everybody's work. A job that a dead worker left cannot be enqueued before such a
sweep, and whoever once took a job may finish it, also one that was frozen meanwhile. So here who runs a job holds it by
a key that lives on only as long as it is kept alive, and those moves that depend on it are made by scripts of our own.
SAQ's records, lists, dequeuing and backoff stay as they are.
"""

from collections.abc import Mapping
from typing import Any

from redis.asyncio import Redis
from saq.job import Job, Status
from saq.queue.redis import RedisQueue

from exploration.dispatch import scripts

AGAIN_LIFE = 600
"""Seconds for which it is kept that a job is to run once more. A run that lasts longer has looked by itself."""


class JobQueue(RedisQueue):
    """`saq.Queue` over one client. `Job.worker_id` is the token of the run that holds the job."""

    def __init__(self, redis: Redis, name: str) -> None:
        """`name` begins every key."""
        super().__init__(redis, name=name)
        self._enqueue_move = redis.register_script(scripts.ENQUEUE)
        self._take_move = redis.register_script(scripts.TAKE)
        self._keep_move = redis.register_script(scripts.KEEP)
        self._leave_move = redis.register_script(scripts.LEAVE)
        self._due_move = redis.register_script(scripts.DUE)

    def namespace(self, key: str) -> str:
        """The name of one of the queue's keys."""
        return f"{self.name}:{key}"

    def job_id(self, job_key: str) -> str:
        """The name of a job's record."""
        return f"{self.name}:job:{job_key}"

    def job_key_from_id(self, job_id: str) -> str:
        """The opposite of `job_id`."""
        return job_id.removeprefix(self.job_id(""))

    async def take(self, job: Job, life: float) -> bool:
        """Hold what was dequeued for so many seconds; False when another run holds it."""
        keys = [self._active, job.id, self._hold(job.key), self._again(job.key)]
        return bool(await self._take_move(keys, [str(job.worker_id), int(life * 1000)]))

    async def keep(self, holders: Mapping[str, str], life: float) -> None:
        """Hold these jobs for so many seconds more, each by its token."""
        if holders:
            await self._keep_move([self._hold(key) for key in holders], [*holders.values(), int(life * 1000)])

    async def put_back(self, job: Job) -> None:
        """Have another worker run it at once."""
        await self._leave(job, 0.0)

    async def schedule(self, lock: int = 1) -> list[str]:  # noqa: ARG002 -- SAQ's signature
        """Let the jobs run whose retry is due. There is no need of a lock."""
        await self._due_move([self._queued, self._incomplete], [])
        return []

    async def sweep(self, lock: int = 60, abort: float = 5.0) -> list[str]:  # noqa: ARG002 -- SAQ's signature
        """Nothing: a job whose worker has died is taken over when it is enqueued."""
        return []

    async def _enqueue(self, job: Job) -> Job | None:
        return job if await self._enqueue_move(self._keys(job), [self.serialize(job), AGAIN_LIFE]) else None

    async def _retry(self, job: Job, error: str | None) -> None:  # noqa: ARG002 -- SAQ's signature
        await self._leave(job, max(job.next_retry_delay(), 0.001))

    async def _finish(self, job: Job, status: Status, **_: Any) -> None:  # noqa: ARG002 -- SAQ's signature
        await self._leave(job, -1.0)

    async def _leave(self, job: Job, delay: float) -> None:
        await self._leave_move(self._keys(job), [str(job.worker_id), self.serialize(job), delay])

    def _keys(self, job: Job) -> list[str]:
        lists = [self._queued, self._incomplete, self._active]
        return [*lists, job.id, self._hold(job.key), self._again(job.key)]

    def _hold(self, key: str) -> str:
        return self.namespace(f"hold:{key}")

    def _again(self, key: str) -> str:
        return self.namespace(f"again:{key}")
