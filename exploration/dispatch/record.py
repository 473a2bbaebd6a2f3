"""A job as SAQ keeps it."""

import saq.job

from exploration.dispatch.port import Job

ATTEMPTS = 8
"""Runs that may fail one after the other. Then it is up to the store's sweep to enqueue the job anew."""
FIRST_RETRY, LONGEST_RETRY = 0.5, 2.0
"""Seconds before a failed run is tried again: at most so many at first, doubling up to the longest, with jitter."""


def key_of(job: Job) -> str:
    """Kinds and ids have no colon, so no two jobs have one key."""
    return f"{job.workspace}:{job.kind}:{job.id}"


def record_of(job: Job) -> saq.job.Job:
    """A new record. Nothing limits how long it runs, and nothing of it is kept when it is done."""
    return saq.job.Job(
        function=job.kind,
        kwargs={"workspace": job.workspace, "id": job.id},
        meta={"trace": dict(job.trace)} if job.trace else {},
        key=key_of(job),
        timeout=0,
        ttl=-1,
        retries=ATTEMPTS,
        retry_delay=FIRST_RETRY,
        retry_backoff=LONGEST_RETRY,
    )


def job_of(record: saq.job.Job) -> Job:
    """The job of a record. Raises `ValueError` for one that is none of ours."""
    match record.kwargs:
        case {"workspace": str(workspace), "id": str(id)}:
            return Job(workspace, record.function, id, _trace(record.meta))
    raise ValueError(f"the record {record.key!r} names no job")


def _trace(meta: dict[str, object]) -> dict[str, str]:
    """Processes of an older version say nothing of it."""
    trace = meta.get("trace")
    return {str(key): str(value) for key, value in trace.items()} if isinstance(trace, dict) else {}
