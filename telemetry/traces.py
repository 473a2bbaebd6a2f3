"""Traces: spans over what a process does, carried from one process to the next as W3C trace context.

Off unless `begin` was called: then everything here costs next to nothing. What is not sampled costs as little: a span
is made for the beginning of a trace, which decides it, and none below it.
"""

import logging
import math
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from contextvars import Token
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any

import structlog
from opentelemetry import context, trace
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

from telemetry.logs import masked
from telemetry.metrics.system import SPANS

if TYPE_CHECKING:
    from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

_log = structlog.get_logger(__name__)

Carrier = dict[str, str]
"""`traceparent` and `tracestate`, as headers or as part of a job."""

COMPLAIN_EVERY = 60.0
"""Seconds between two lines of the log about a collector that is away."""

_LONGEST_REASON = 200
"""Characters of what is told of a collector."""
_OF_CALLERS = "opentelemetry.trace.span"
"""Complains of a malformed `tracestate` and quotes it: words of a client, which would hide what is wrong with ours."""
_BEGINNINGS = frozenset({SpanKind.SERVER, SpanKind.CONSUMER})
_NOTHING = nullcontext(INVALID_SPAN)
_W3C = TraceContextTextMapPropagator()
"""And no baggage: what a caller says there is not for whoever we ask."""


@dataclass(frozen=True, slots=True)
class Tracing:
    """Where traces go, and how many."""

    endpoint: str
    """Of a collector that takes OTLP over HTTP; `/v1/traces` is appended."""
    service: str
    version: str
    role: str
    """What this process of the service is there for."""
    ratio: float = 1.0
    """Share of the traces that begin here and are recorded; of those that began elsewhere the caller has decided."""
    headers: Mapping[str, str] = field(default_factory=dict)
    flush_seconds: float = 3.0
    """How long a process that ends waits for its last spans to be taken."""


class _State:
    tracer: Tracer | None = None


def begin(tracing: Tracing, exporter: "SpanExporter | None" = None) -> Callable[[], None]:
    """Record and export spans from now on, those of aiohttp's clients too. What it returns ends that, sending what is
    still to be sent: it blocks, for `flush_seconds` at most. A collector that is away costs nothing but the spans.

    Another `exporter` than that of `tracing` gets each span as soon as it has ended.

    Raises `ValueError` for a variable of OpenTelemetry's own (OTEL_BSP_...) that cannot be used.
    """
    tamed = _Tamed()
    tamed.take_over()
    try:
        clients = _clients()
        sender = _sender(tracing) if exporter is None else exporter
        provider = _provider(tracing, _queued(sender) if exporter is None else _at_once(sender))
    except ValueError:
        tamed.give_back()
        raise
    clients.instrument(tracer_provider=provider, url_filter=_plain)
    _State.tracer = provider.get_tracer("continuum", tracing.version)

    def end() -> None:
        _State.tracer = None
        clients.uninstrument()
        # A call that is under way by then is cut short with the process, as are all daemons.
        flushing = threading.Thread(target=provider.shutdown, name="last spans", daemon=True)
        flushing.start()
        flushing.join(tracing.flush_seconds)
        if flushing.is_alive():
            _log.warning("spans_lost", seconds=tracing.flush_seconds)
            tamed.silence()
            sender.shutdown()
        else:
            tamed.give_back()

    return end


def _provider(tracing: Tracing, processor: "SpanProcessor") -> "TracerProvider":
    # Loaded where they are needed, here and below: a process that traces nothing starts sooner without them.
    from opentelemetry.sdk.trace import SpanLimits, TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio  # noqa: PLC0415

    # No events: the only ones are aiohttp's exceptions, whose messages may repeat what was asked.
    limits, sampler = SpanLimits(max_events=0), ParentBasedTraceIdRatio(tracing.ratio)
    provider = TracerProvider(sampler, _resource(tracing), shutdown_on_exit=False, span_limits=limits)
    provider.add_span_processor(_counting(tracing.service))
    provider.add_span_processor(processor)
    return provider


def _clients() -> "AioHttpClientInstrumentor":
    """What has aiohttp's clients make spans. To load it raises `ValueError` where OTEL_PROPAGATORS names nobody."""
    from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor  # noqa: PLC0415

    return AioHttpClientInstrumentor()


def _resource(tracing: Tracing) -> Any:
    """What the process is; what an operator adds to it by OTEL_RESOURCE_ATTRIBUTES goes before the made-up id alone."""
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415

    ours = {"service.name": tracing.service, "service.version": tracing.version, "continuum.role": tracing.role}
    return Resource({"service.instance.id": str(uuid.uuid4())}).merge(Resource.create(ours))


def _sender(tracing: Tracing) -> "SpanExporter":
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415

    return OTLPSpanExporter(f"{tracing.endpoint.rstrip('/')}/v1/traces", headers=dict(tracing.headers))


def _queued(sender: "SpanExporter") -> "SpanProcessor":
    """Sends from a thread of its own, out of a queue that has a bound."""
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    return BatchSpanProcessor(sender)


def _at_once(sender: "SpanExporter") -> "SpanProcessor":
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: PLC0415

    return SimpleSpanProcessor(sender)


def _counting(service: str) -> "SpanProcessor":
    from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor  # noqa: PLC0415

    counters: dict[str, Any] = {}

    class Counting(SpanProcessor):
        """Counts what was recorded, whether or not the collector gets it."""

        def on_end(self, span: ReadableSpan) -> None:
            counter = counters.get(span.name)
            if counter is None:
                counter = counters[span.name] = SPANS.labels(service, span.name)
            counter.inc()

    return Counting()


def _plain(url: Any) -> str:
    """A `yarl.URL` without what may be secret in it."""
    return str(url.with_user(None).with_query(None).with_fragment(None))


class _Tamed(logging.Handler):
    """What OpenTelemetry complains of, once in a while and in one line: a collector may be away for days."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._logger = logging.getLogger("opentelemetry")
        self._next = 0.0

    def take_over(self) -> None:
        self._logger.addHandler(self)
        self._logger.propagate = False

    def silence(self) -> None:
        self._next = math.inf

    def give_back(self) -> None:
        self._logger.removeHandler(self)
        self._logger.propagate = True

    def emit(self, record: logging.LogRecord) -> None:
        if record.name != _OF_CALLERS and time.monotonic() >= self._next:
            self._next = time.monotonic() + COMPLAIN_EVERY
            # Masked before it is cut: half of a key would be found by nobody. A collector may repeat what it was sent.
            reason = masked(record.getMessage())[:_LONGEST_REASON]
            _log.warning("tracing_trouble", reason=reason, silent_seconds=COMPLAIN_EVERY)


def on() -> bool:
    """Whether anything is recorded: who would prepare something for a span asks first."""
    return _State.tracer is not None


def span(
    name: str,
    attributes: Mapping[str, AttributeValue] | None = None,
    kind: SpanKind = SpanKind.INTERNAL,
    *,
    begins: bool = False,
) -> AbstractContextManager[Span]:
    """A span around what the context does; an error that leaves it is noted, by its type alone.

    A trace begins with a span of the kind `SERVER` or `CONSUMER`, or one that `begins`: somebody wants something. What
    a sweep reads by itself is no trace.

    `name` is one of few, and never what a user wrote: spans are counted by it. `attributes` hold no secrets or prompts.
    """
    if _State.tracer is None:
        return _NOTHING
    parent = trace.get_current_span().get_span_context()
    if not parent.is_valid:
        if not begins and kind not in _BEGINNINGS:
            return _NOTHING
    elif not parent.is_remote and not parent.trace_flags.sampled:
        return _NOTHING
    return _Recorded(_State.tracer, name, kind, attributes)


class _Recorded:
    """Half of the price of the library's own, which is made of two generators."""

    __slots__ = ("_span", "_token")

    def __init__(
        self, tracer: Tracer, name: str, kind: SpanKind, attributes: Mapping[str, AttributeValue] | None
    ) -> None:
        self._span = tracer.start_span(name, kind=kind, attributes=attributes)
        self._token: Token[context.Context]

    def __enter__(self) -> Span:
        self._token = context.attach(trace.set_span_in_context(self._span))
        return self._span

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        context.detach(self._token)
        if kind is not None and issubclass(kind, Exception):
            self._span.set_status(StatusCode.ERROR, kind.__name__)
        elif kind is not None:  # cancelled: nothing is wrong
            self._span.set_attribute("continuum.cancelled", True)
        self._span.end()


def without_calls() -> AbstractContextManager[object]:
    """What is asked over HTTP meanwhile makes no spans: it is asked so often that nobody would find the others."""
    if _State.tracer is None:
        return nullcontext()
    from opentelemetry.instrumentation.utils import suppress_http_instrumentation  # noqa: PLC0415

    return suppress_http_instrumentation()


def carried() -> Carrier:
    """Where we are, for somebody who goes on elsewhere; empty when nothing is traced."""
    carrier: Carrier = {}
    if _State.tracer is not None:
        _W3C.inject(carrier)
    return carrier


def going_on(carrier: Mapping[str, str]) -> AbstractContextManager[None]:
    """Go on where somebody else was."""
    return nullcontext() if _State.tracer is None or "traceparent" not in carrier else _Elsewhere(carrier)


class _Elsewhere:
    __slots__ = ("_carrier", "_token")

    def __init__(self, carrier: Mapping[str, str]) -> None:
        self._carrier = carrier
        self._token: Token[context.Context]

    def __enter__(self) -> None:
        self._token = context.attach(_W3C.extract(self._carrier, context.Context()))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        context.detach(self._token)
