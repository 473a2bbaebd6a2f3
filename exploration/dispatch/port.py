"""Dispatch: who runs a piece of durable work."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias


@dataclass(frozen=True, slots=True)
class Job:
    """Work that the store knows to be unfinished. The store holds the truth; a lost job is enqueued again."""

    workspace: str
    kind: str
    id: str
    trace: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Where whoever wants it run is in a trace (`telemetry.traces.Carrier`). It tells no two jobs apart."""


EXPLORATION = "exploration"
IMAGES = "images"
"""Images that are made together; the id is their job's."""

Run: TypeAlias = Callable[[Job, asyncio.Event], Awaitable[None]]
"""Runs a job to its end, looking at its status whenever the event is set; when cancelled it stops."""


class Dispatch(Protocol):
    """Hands jobs to workers."""

    async def enqueue(self, job: Job) -> None:
        """Have it run soon, by one worker. Enqueuing a job that waits or runs changes nothing.

        Never raises for a queue that is away: a sweep enqueues again what the store says is unowned.
        """
        ...

    async def interrupt(self, job: Job) -> None:
        """Tell whoever runs it to look at its status now. A hint: the owner's next renewal tells it as well."""
        ...
