"""Jobs as they are seen from outside: counted while they run, in the trace of whoever wanted them, with their ids on
every line of the log."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.trace import SpanKind
from structlog.contextvars import bound_contextvars

from exploration.dispatch.port import EXPLORATION, Job, Run
from telemetry.metrics import work as metrics
from telemetry.traces import going_on, span


def observed(run: Run) -> Run:
    """The same, seen; for any dispatch."""

    async def observed_run(job: Job, wake: asyncio.Event) -> None:
        with underway(job):
            await run(job, wake)

    return observed_run


@contextmanager
def underway(job: Job) -> Iterator[None]:
    """This process works on the job while the context is open."""
    attributes = {f"continuum.{_field(job)}.id": job.id, "continuum.workspace": job.workspace}
    with (
        metrics.RUNNING.labels(job.kind).track_inprogress(),
        bound_contextvars(**named(job)),
        going_on(job.trace),
        span(f"run {job.kind}", attributes, SpanKind.CONSUMER),
    ):
        yield


def named(job: Job) -> dict[str, str]:
    """The job as all lines of the log name it."""
    return {_field(job): job.id, "workspace": job.workspace}


def _field(job: Job) -> str:
    return "exploration" if job.kind == EXPLORATION else "job"
