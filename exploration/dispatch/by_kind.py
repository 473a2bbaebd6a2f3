"""Dispatch by kind: each kind of work has a queue of its own, so that none can starve another."""

from collections.abc import Mapping

from exploration.dispatch.port import Dispatch, Job


class ByKind:
    """`exploration.dispatch.port.Dispatch` over one dispatch for each kind of job."""

    def __init__(self, queues: Mapping[str, Dispatch]) -> None:
        self._queues = queues

    async def enqueue(self, job: Job) -> None:
        """See `Dispatch.enqueue`."""
        await self._queues[job.kind].enqueue(job)

    async def interrupt(self, job: Job) -> None:
        """See `Dispatch.interrupt`."""
        await self._queues[job.kind].interrupt(job)
