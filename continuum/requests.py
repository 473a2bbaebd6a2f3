"""What is seen of each request over HTTP: metrics, an id that goes with all that is logged, a line of the log, a span.

A WebSocket and a stream of events are no endless requests: they are counted, logged, and their spans ended as soon as
their headers are sent; what is told over them is seen in `schema.tally`. A WebSocket has no span at all: each of its
operations has one of its own. What is no HTTP is refused by aiohttp before anything here sees it.
"""

import asyncio
import logging
import re
from contextlib import ExitStack
from contextvars import Context, copy_context
from functools import cache
from http import HTTPStatus
from time import perf_counter
from typing import Any, Final

import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, StatusCode

from graphstore.ids import new_id
from telemetry import traces
from telemetry.metrics import http as metrics

_log = structlog.get_logger(__name__)
_levels = logging.getLogger(__name__)

REQUEST_ID: Final = "X-Request-ID"
PROBES: Final = frozenset({"/health", "/ready", "/metrics"})
"""Asked every few seconds by machines: their answers are no news."""
STATIC: Final = frozenset({"/", "/graphiql", "/assets/{name}"})
"""Files, which have nothing in them to be traced."""
UNKNOWN: Final = "other"
"""The endpoint of what has no route."""
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
OTHER: Final = "OTHER"
CLIENT_LEFT: Final = 499
"""nginx's status for a request whose client left before it was answered."""
EVENTS: Final = "text/event-stream"

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")


def observe_requests(app: web.Application) -> None:
    """See every request of this application. The outermost middleware, so it is added first."""
    kinds: dict[tuple[str, web.AbstractResource | None], _Kind] = {}

    def begin(request: web.Request) -> _Seen:
        key = (request.method if request.method in METHODS else OTHER, request.match_info.route.resource)
        if (kind := kinds.get(key)) is None:
            kind = kinds[key] = _kind(key[0], UNKNOWN if key[1] is None else key[1].canonical)
        seen = request[_SEEN] = _Seen(request, kind)
        structlog.contextvars.bind_contextvars(request_id=seen.id)
        return seen

    @web.middleware
    async def observing(request: web.Request, handler: Handler) -> web.StreamResponse:
        seen = begin(request)
        try:
            if seen.kind.is_traced and traces.on():
                return await _traced(request, seen, handler)
            return await handler(request)
        except asyncio.CancelledError:
            seen.abandoned()
            raise

    async def prepare(request: web.Request, response: web.StreamResponse) -> None:
        # What is refused before any middleware is called was not seen before.
        (request.get(_SEEN) or begin(request)).answered_by(response)

    app.middlewares.append(observing)
    app.on_response_prepare.append(prepare)


class _Kind:
    """Requests of one method at one endpoint: where they are counted, looked up once."""

    def __init__(self, method: str, endpoint: str) -> None:
        self.method = method
        self.endpoint = endpoint
        self.in_progress = 0
        self.duration = metrics.DURATION.labels(method, endpoint)
        self.request_size = metrics.REQUEST_SIZE.labels(method, endpoint)
        self.response_size = metrics.RESPONSE_SIZE.labels(method, endpoint)
        metrics.IN_PROGRESS.labels(method, endpoint).set_function(lambda: self.in_progress)
        self._answers: dict[int, Any] = {}
        self.level = logging.DEBUG if endpoint in PROBES else logging.INFO
        self.is_traced = endpoint not in PROBES | STATIC
        # https://opentelemetry.io/docs/specs/semconv/http/http-spans/#name
        self.span_name = f"{method} {endpoint}" if endpoint != UNKNOWN else method
        self.attributes = {"http.request.method": method if method != OTHER else "_OTHER"}
        if endpoint != UNKNOWN:
            self.attributes["http.route"] = endpoint

    def count(self, status: int) -> None:
        """A request was answered."""
        if (counter := self._answers.get(status)) is None:
            counter = self._answers[status] = metrics.REQUESTS.labels(self.method, self.endpoint, str(status))
        counter.inc()


_kind: Final = cache(_Kind)


class _Seen:
    """One request."""

    __slots__ = ("_began", "_body", "_context", "_is_open", "_span", "_spans", "id", "kind")

    def __init__(self, request: web.Request, kind: _Kind) -> None:
        given = request.headers.get(REQUEST_ID)
        self.id = given if given is not None and _REQUEST_ID.fullmatch(given) else new_id()
        self.kind = kind
        self._body = request.content  # not the request, which has this object: what is no circle is freed at once
        self._began = perf_counter()
        self._is_open = True
        self._spans: ExitStack | None = None
        """Holds the span."""
        self._span: Span = INVALID_SPAN
        self._context: Context | None = None
        """Within the span, so that the line of the log names it."""
        kind.in_progress += 1

    def trace(self, spans: ExitStack) -> Span:
        """Begin a span, which these hold."""
        kind = self.kind
        self._spans = spans
        self._span = spans.enter_context(traces.span(kind.span_name, kind.attributes, SpanKind.SERVER))
        self._context = copy_context()
        return self._span

    def answered_by(self, response: web.StreamResponse) -> None:
        """The headers of an answer are about to be sent. What it is made of follows at once, but for files."""
        response.headers[REQUEST_ID] = self.id
        if isinstance(response, web.Response):
            self._end(response.status, response.content_length)
        elif isinstance(response, web.WebSocketResponse) or response.content_type == EVENTS:
            self._open(response.status)
        else:
            task = asyncio.current_task()
            assert task is not None  # noqa: S101 - aiohttp answers each request in a task of its own
            task.add_done_callback(lambda _: self._end(response.status, response.content_length))

    def abandoned(self) -> None:
        """The client has left, or the process ends without waiting any longer."""
        self._end(CLIENT_LEFT, None)

    def _end(self, status: int, size: int | None) -> None:
        if not self._is_open:
            return
        kind = self.kind
        kind.duration.observe(perf_counter() - self._began)
        kind.request_size.observe(self._body.total_bytes)
        if size is not None:
            kind.response_size.observe(size)
        self._count(status)

    def _open(self, status: int) -> None:
        """A stream begins. What happens in it goes on from its span, which does not last as long."""
        self._count(status)
        if self._spans is not None:
            here = traces.carried()
            _answered(self._span, status)
            self._spans.close()
            self._spans.enter_context(traces.going_on(here))

    def _count(self, status: int) -> None:
        self._is_open = False
        self.kind.in_progress -= 1
        self.kind.count(status)
        if _levels.isEnabledFor(self.kind.level):  # where it is not, to ask is all that it costs
            self._tell(status) if self._context is None else self._context.run(self._tell, status)

    def _tell(self, status: int) -> None:
        kind, milliseconds = self.kind, round(1e3 * (perf_counter() - self._began), 3)
        _log.log(
            kind.level, "request", method=kind.method, endpoint=kind.endpoint, status=status, milliseconds=milliseconds
        )


_SEEN: Final = web.RequestKey("seen", _Seen)


async def _traced(request: web.Request, seen: _Seen, handler: Handler) -> web.StreamResponse:
    """Answer within a span that follows the caller's trace."""
    with ExitStack() as spans:
        spans.enter_context(traces.going_on(request.headers))
        if request.headers.get(hdrs.UPGRADE, "").lower() == "websocket":
            return await handler(request)
        span = seen.trace(spans)
        try:
            response = await handler(request)
        except web.HTTPException as answer:
            response = answer
        except Exception:
            _answered(span, HTTPStatus.INTERNAL_SERVER_ERROR)
            raise
        _answered(span, response.status)
    if isinstance(response, web.HTTPException):
        raise response  # caught only since a span takes what leaves it for a failure
    return response


def _answered(span: Span, status: int) -> None:
    if span.is_recording():  # the span of a stream has ended
        span.set_attribute("http.response.status_code", status)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            span.set_attribute("error.type", str(status))
            span.set_status(StatusCode.ERROR)
