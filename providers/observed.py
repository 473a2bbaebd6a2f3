"""Calls of providers, as they are seen from outside."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from providers.errors import (
    ContentPolicyError,
    GarbledError,
    NotConfiguredError,
    RefusedError,
    TransientError,
)
from telemetry.metrics import graph as metrics
from telemetry.traces import span

_OUTCOMES: Final = (
    (ContentPolicyError, "policy"),
    (RefusedError, "refused"),
    (TransientError, "transient"),
    (GarbledError, "garbled"),
    (NotConfiguredError, "not_configured"),
    (asyncio.CancelledError, "cancelled"),
)


@contextmanager
def call(provider: str) -> Iterator[None]:
    """One call of a provider, its time limit included, while the context is open: counted by what came of it, timed
    and traced. Whatever requests go out meanwhile are spans below."""
    began, outcome = time.perf_counter(), "ok"
    try:
        with span(f"provider {provider}"):
            yield
    except BaseException as error:
        outcome = next((name for kind, name in _OUTCOMES if isinstance(error, kind)), "error")
        raise
    finally:
        metrics.PROVIDER_REQUESTS.labels(provider, outcome).inc()
        metrics.PROVIDER_DURATION.labels(provider).observe(time.perf_counter() - began)
