"""Dispatch by kind: each kind of work has a lane of its own, so that none can starve another."""

from collections.abc import Mapping

from exploration.dispatch.port import Dispatch, Job


class Lanes:
    """`exploration.dispatch.port.Dispatch` over one dispatch for each kind of job."""

    def __init__(self, lanes: Mapping[str, Dispatch]) -> None:
        self._lanes = lanes

    async def enqueue(self, job: Job) -> None:
        """See `Dispatch.enqueue`."""
        await self._lanes[job.kind].enqueue(job)

    async def interrupt(self, job: Job) -> None:
        """See `Dispatch.interrupt`."""
        await self._lanes[job.kind].interrupt(job)
