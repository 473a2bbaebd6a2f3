"""What agents do, as it is seen from outside."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

from telemetry.metrics import work as metrics
from telemetry.traces import span


@contextmanager
def execution(agent: str) -> Iterator[None]:
    """One agent does what it is there for while the context is open: it is counted, timed and traced."""
    began, status = time.perf_counter(), "error"
    try:
        with span(f"agent {agent}"):
            yield
        status = "ok"
    except asyncio.CancelledError:
        status = "cancelled"
        raise
    finally:
        metrics.AGENT_EXECUTIONS.labels(agent, status).inc()
        metrics.AGENT_DURATION.labels(agent).observe(time.perf_counter() - began)
