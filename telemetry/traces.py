"""Traces: spans over what a process does, carried from one process to the next as W3C trace context.

Off unless `begin` was called: then every function here costs next to nothing.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from opentelemetry import context, propagate, trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

_tracer = trace.get_tracer("continuum")

Carrier = dict[str, str]
"""`traceparent` and `tracestate`, as headers or as part of a job."""


@contextmanager
def span(name: str, kind: SpanKind = SpanKind.INTERNAL, **attributes: Any) -> Iterator[Span]:
    """A span around what the context does; an error that leaves it is noted, by its type alone."""
    with _tracer.start_as_current_span(
        name, kind=kind, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield current
        except BaseException as error:
            current.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise


def carried() -> Carrier:
    """Where we are, for somebody who goes on elsewhere; empty when nothing is traced."""
    carrier: Carrier = {}
    propagate.inject(carrier)
    return carrier


@contextmanager
def going_on(carrier: Mapping[str, str]) -> Iterator[None]:
    """Go on where somebody else was."""
    token = context.attach(propagate.extract(carrier))
    try:
        yield
    finally:
        context.detach(token)
