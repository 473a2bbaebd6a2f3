"""Traces: spans over what a process does, carried from one process to the next as W3C trace context.

Off unless `begin` was called: then everything here costs next to nothing. What is not sampled costs as little: a span
is made for the beginning of a trace, which decides it, and none below it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field

from opentelemetry import context, propagate, trace
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.util.types import AttributeValue

from telemetry.metrics.system import SPANS

Carrier = dict[str, str]
"""`traceparent` and `tracestate`, as headers or as part of a job."""

_NOTHING = nullcontext(INVALID_SPAN)


@dataclass(frozen=True, slots=True)
class Tracing:
    """Where traces go, and how many."""

    endpoint: str
    """Of a collector that takes OTLP over HTTP; `/v1/traces` is appended."""
    service: str
    version: str
    ratio: float = 1.0
    """Share of the traces that begin here and are recorded; of those that began elsewhere the caller has decided."""
    headers: Mapping[str, str] = field(default_factory=dict)


class _State:
    tracer: Tracer | None = None


def begin(tracing: Tracing) -> Callable[[], None]:
    """Record and export spans from now on, those of aiohttp's clients too. What it returns ends that, sending what is
    still to be sent. A collector that is away costs nothing but the spans."""
    # Loaded where they are needed: a process that traces nothing starts sooner without them.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio  # noqa: PLC0415

    class Counting(SpanProcessor):
        """Counts what was recorded, whether or not the collector gets it."""

        def on_end(self, span: ReadableSpan) -> None:
            SPANS.labels(tracing.service, span.name).inc()

    resource = Resource({"service.name": tracing.service, "service.version": tracing.version})
    provider = TracerProvider(ParentBasedTraceIdRatio(tracing.ratio), resource)
    exporter = OTLPSpanExporter(f"{tracing.endpoint.rstrip('/')}/v1/traces", headers=dict(tracing.headers))
    provider.add_span_processor(Counting())
    provider.add_span_processor(BatchSpanProcessor(exporter))
    client = AioHttpClientInstrumentor()
    client.instrument(tracer_provider=provider)
    _State.tracer = provider.get_tracer("continuum")

    def end() -> None:
        _State.tracer = None
        client.uninstrument()
        provider.shutdown()

    return end


def span(
    name: str, attributes: Mapping[str, AttributeValue] | None = None, kind: SpanKind = SpanKind.INTERNAL
) -> AbstractContextManager[Span]:
    """A span around what the context does; an error that leaves it is noted, by its type alone.

    `name` is one of few, and never what a user wrote: spans are counted by it. `attributes` hold no secrets or prompts.
    """
    if _State.tracer is None:
        return _NOTHING
    parent = trace.get_current_span().get_span_context()
    if parent.is_valid and not parent.is_remote and not parent.trace_flags.sampled:
        return _NOTHING
    return _recorded(_State.tracer, name, kind, attributes)


@contextmanager
def _recorded(
    tracer: Tracer, name: str, kind: SpanKind, attributes: Mapping[str, AttributeValue] | None
) -> Iterator[Span]:
    with tracer.start_as_current_span(
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
    if _State.tracer is not None:
        propagate.inject(carrier)
    return carrier


def going_on(carrier: Mapping[str, str]) -> AbstractContextManager[None]:
    """Go on where somebody else was."""
    return nullcontext() if _State.tracer is None or not carrier else _elsewhere(carrier)


@contextmanager
def _elsewhere(carrier: Mapping[str, str]) -> Iterator[None]:
    token = context.attach(propagate.extract(carrier))
    try:
        yield
    finally:
        context.detach(token)
