"""A collector of traces outside of all processes: a small real server that takes OTLP over HTTP, in whatever mood it
is; and a shorter way to see spans, for tests of one process.

`python -m tests.support.fake_collector` runs one, says where it is, and forgets what it is sent.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from telemetry.traces import Tracing, begin
from tests.support.exploring import until
from tests.support.fake_server import FakeServer, served

KINDS = ("unspecified", "internal", "server", "client", "producer", "consumer")
STATUSES = ("unset", "ok", "error")
PROTOBUF = "application/x-protobuf"


@dataclass(frozen=True, slots=True)
class SeenSpan:
    """A span as a collector gets it."""

    name: str
    trace: str
    id: str
    parent: str
    """Empty for the first span of a trace."""
    kind: str
    attributes: Mapping[str, Any]
    events: tuple[str, ...]
    status: str
    message: str
    began: int
    """In nanoseconds since 1970, as is its end."""
    ended: int
    resource: Mapping[str, Any]
    scope: str

    @property
    def service(self) -> str:
        """What the service is called."""
        return str(self.resource["service.name"])

    @property
    def role(self) -> str:
        """What the process is there for."""
        return str(self.resource.get("continuum.role", ""))

    @property
    def process(self) -> str:
        """Which process made it."""
        return str(self.resource["service.instance.id"])

    @property
    def milliseconds(self) -> float:
        """How long it took."""
        return (self.ended - self.began) / 1e6


@dataclass
class FakeCollector(FakeServer):
    """The server. It keeps the spans that it takes, after `seconds`; in a bad mood it takes none, and in the mood
    `forget` it keeps nothing."""

    spans: list[SeenSpan] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    """Of all calls, in order."""
    bodies: bytearray = field(default_factory=bytearray)
    """All that it was sent, for those who look for what should not be there."""
    always: str = ""
    """A mood that does not pass."""

    async def take(self, request: web.Request) -> web.StreamResponse:
        """One call."""
        self.headers.append(dict(request.headers))
        body = await request.read()
        self.heard.set()
        mood = self.always or (self.moods.popleft() if self.moods else "answer")
        if mood == "garbage":
            return web.Response(body=b"\x00\xff<html>", content_type=PROTOBUF, status=400)
        if mood in {"broken", "away", "denied"}:
            return web.Response(text="oops", status={"broken": 500, "away": 503, "denied": 401}[mood])
        if mood == "repeats":  # who it is that may not do this
            return web.Response(status=401, reason="no " * 40 + request.headers["x-api-key"])
        if mood in {"hang", "drip", "drop", "no http", "endless", "flood", "half"}:
            return await self._misbehaved(request, mood)
        await asyncio.sleep(self.seconds)
        if mood != "forget":
            self.bodies += body
            self.spans += decoded(ExportTraceServiceRequest.FromString(body))
        return web.Response(body=ExportTraceServiceResponse().SerializeToString(), content_type=PROTOBUF)

    async def spans_of(self, trace: str, enough: Callable[[list[SeenSpan]], bool], seconds: float = 20) -> "Trace":
        """The spans of a trace as soon as they are enough."""

        async def there() -> bool:
            return enough([span for span in self.spans if span.trace == trace])

        await until(there, seconds)
        return Trace(span for span in self.spans if span.trace == trace)


class Trace(list[SeenSpan]):
    """Spans of one trace, or of several."""

    @property
    def names(self) -> set[str]:
        """What they are called."""
        return {span.name for span in self}

    def named(self, name: str) -> SeenSpan:
        """The only span of this name."""
        [span] = [span for span in self if span.name == name]
        return span

    def orphans(self) -> list[SeenSpan]:
        """Spans whose parent is not here, but for the first."""
        known = {span.id for span in self}
        return [span for span in self if span.parent and span.parent not in known]

    def ancestors(self, span: SeenSpan) -> list[str]:
        """The names of those above it, the nearest first."""
        by_id = {other.id: other for other in self}
        names = []
        while (above := by_id.get(span.parent)) is not None:
            names.append(above.name)
            span = above
        return names


def decoded(request: ExportTraceServiceRequest) -> Iterator[SeenSpan]:
    """What is in a call of a collector."""
    for group in request.resource_spans:
        resource = _attributes(group.resource.attributes)
        for scoped in group.scope_spans:
            for span in scoped.spans:
                yield SeenSpan(
                    name=span.name,
                    trace=span.trace_id.hex(),
                    id=span.span_id.hex(),
                    parent=span.parent_span_id.hex(),
                    kind=KINDS[span.kind],
                    attributes=_attributes(span.attributes),
                    events=tuple(event.name for event in span.events),
                    status=STATUSES[span.status.code],
                    message=span.status.message,
                    began=span.start_time_unix_nano,
                    ended=span.end_time_unix_nano,
                    resource=resource,
                    scope=scoped.scope.name,
                )


def _attributes(pairs: Iterable[Any]) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(item) for item in value.array_value.values]
    return getattr(value, kind) if kind else None


@asynccontextmanager
async def fake_collector(*moods: str) -> AsyncIterator[FakeCollector]:
    """The server on a free port; its address is for OTEL_EXPORTER_OTLP_ENDPOINT."""
    fake = FakeCollector()
    fake.moods.extend(moods)
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_post("/v1/traces", fake.take)
    async with served(app, fake):
        yield fake


class _Seeing(SpanExporter):
    """Sends spans no further than into a list, through the encoding that a collector gets."""

    def __init__(self, seen: list[SeenSpan]) -> None:
        self._seen = seen

    def export(self, spans: Any) -> SpanExportResult:
        self._seen += decoded(encode_spans(spans))
        return SpanExportResult.SUCCESS


@contextmanager
def seen_spans(ratio: float = 1.0) -> Iterator[Trace]:
    """Tracing in this process: each span is in the list once it has ended."""
    seen = Trace()
    end = begin(Tracing("http://127.0.0.1:9", "tests", "0", role="test", ratio=ratio), _Seeing(seen))
    try:
        yield seen
    finally:
        end()


async def _main() -> None:
    async with fake_collector() as fake:
        fake.always = "forget"
        print(fake.address, flush=True)  # noqa: T201 - for the program that started it
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main())
