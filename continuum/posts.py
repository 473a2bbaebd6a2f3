"""GraphQL over HTTP: POST, answered in one piece or as a stream of events, as the client accepts.

Follows https://graphql.github.io/graphql-over-http/draft/ and, for streams, the distinct connections mode of
https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import ClientConnectionResetError, web

from continuum.payload import Payload, PayloadError, checked, parsed
from resolvers.context import Caller
from schema import Code, ExecutionResult, Schema

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
EVENTS = "text/event-stream"

BODY_SECONDS = 15.0
"""How long a client may take to send its body."""
HEARTBEAT_SECONDS = 12.0
"""A silent stream says so often that it is alive, so that nobody between closes it."""

_STATUS = {
    Code.INTERNAL_SERVER_ERROR: HTTPStatus.INTERNAL_SERVER_ERROR,
    Code.SERVICE_UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Code.TIMEOUT: HTTPStatus.GATEWAY_TIMEOUT,
}


class Refused(Exception):
    """The request is not one that can be carried out; nothing has been done."""

    def __init__(
        self,
        status: HTTPStatus,
        message: str,
        code: str = Code.BAD_REQUEST,
        details: Mapping[str, str] | None = None,
        /,
        **headers: str,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.details = details or {}
        """Further extensions."""
        self.headers = headers


class Posts:
    """Answers POST requests. Knows the streams that are open, and ends them when the server does."""

    def __init__(self, schema: Schema, max_body_bytes: int) -> None:
        self._schema = schema
        self._max_body_bytes = max_body_bytes
        self._streams: set[asyncio.Task[Any]] = set()

    async def answer(self, request: web.Request, caller: Caller) -> web.StreamResponse:
        """The answer in the form that the client accepts. Raises `Refused`."""
        media = accepted(request)
        payload = await self._payload(request)
        results = self._schema.run(
            payload.query, payload.variables, payload.operation_name, caller, subscriptions=media == EVENTS
        )
        async with aclosing(results):
            if media == EVENTS:
                return await self._stream(request, results)
            result = await anext(results)
        status = _status(result) if media == GRAPHQL_JSON else HTTPStatus.OK
        return json_response(formatted(result), status, media)

    def end_streams(self) -> None:
        """End all streams; their clients come back and go on after the last event they saw."""
        for task in self._streams:
            task.cancel()

    async def _payload(self, request: web.Request) -> Payload:
        body = await _body(request, self._max_body_bytes)
        try:
            return checked(parsed(body))
        except PayloadError as error:
            raise Refused(HTTPStatus.BAD_REQUEST, str(error), _code(error), error.details) from None

    async def _stream(self, request: web.Request, results: AsyncGenerator[ExecutionResult, None]) -> web.StreamResponse:
        headers = {"Content-Type": EVENTS, "Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}
        response = web.StreamResponse(headers=headers)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a handler runs in one
        self._streams.add(task)
        try:
            await response.prepare(request)
            async for event in _events(results):
                await response.write(event)
            await response.write_eof()
        except ClientConnectionResetError:  # the client has left, as it may
            pass
        finally:
            self._streams.discard(task)
        return response


def accepted(request: web.Request) -> str:
    """The form of answer that the client likes best. Raises `Refused`."""
    ours = {JSON: JSON, GRAPHQL_JSON: GRAPHQL_JSON, EVENTS: EVENTS, "application/*": GRAPHQL_JSON, "*/*": JSON}
    liked = [_weighted(part) for part in request.headers.get("Accept", "*/*").split(",")]
    wanted = [(weight, media) for media, weight in liked if weight > 0 and media in ours]
    if not wanted:
        raise Refused(HTTPStatus.NOT_ACCEPTABLE, f"Accept one of {GRAPHQL_JSON}, {JSON} and {EVENTS}.")
    return ours[max(wanted, key=lambda one: one[0])[1]]


def formatted(result: ExecutionResult) -> Mapping[str, Any]:
    """A result as it is sent. A request that was refused as a whole has no data, not even null."""
    errors = {"errors": [error.formatted for error in result.errors]} if result.errors else {}
    return errors if was_refused(result) else {**errors, "data": result.data}


def was_refused(result: ExecutionResult) -> bool:
    """Whether nothing was carried out: then no error has a place in the answer."""
    return result.data is None and all(error.path is None for error in result.errors or ())


def json_response(
    content: Mapping[str, Any], status: HTTPStatus, media: str, headers: Mapping[str, str] | None = None
) -> web.Response:
    """An answer in one piece."""
    all_headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **(headers or {})}
    return web.Response(
        body=orjson.dumps(content), status=status, content_type=media, charset="utf-8", headers=all_headers
    )


def error_response(request: web.Request, refused: Refused) -> web.Response:
    """What a client is told whose request cannot be carried out: JSON, whatever it accepts."""
    media = GRAPHQL_JSON if GRAPHQL_JSON in request.headers.get("Accept", "") else JSON
    error = {"message": str(refused), "extensions": {"code": refused.code, **refused.details}}
    return json_response({"errors": [error]}, refused.status, media, refused.headers)


async def _body(request: web.Request, most: int) -> bytes:
    """The body, within bounds of size and time. Raises `Refused`."""
    if request.content_type != JSON or (request.charset or "utf-8").lower() not in {"utf-8", "utf8"}:
        message = f"Send {JSON} in UTF-8, and say so in Content-Type."
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, message)
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        message = "Send the body as it is, without Content-Encoding."
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, message, **{"Accept-Encoding": "identity"})
    if (request.content_length or 0) > most:
        raise _too_large(most)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.content.iter_any():
                body += part
                if len(body) > most:
                    raise _too_large(most)
    except TimeoutError:
        raise Refused(HTTPStatus.REQUEST_TIMEOUT, f"The body did not arrive within {BODY_SECONDS:g} s.") from None
    return bytes(body)


async def _events(results: AsyncGenerator[ExecutionResult, None]) -> AsyncGenerator[bytes, None]:
    """Results as events, with a comment where nothing happens for a while."""
    waiting = asyncio.ensure_future(anext(results, None))
    try:
        while True:
            done, _ = await asyncio.wait({waiting}, timeout=HEARTBEAT_SECONDS)
            if not done:
                yield b":\n\n"
            elif (result := waiting.result()) is None:
                break
            else:
                yield b"event: next\ndata: %s\n\n" % orjson.dumps(formatted(result))
                waiting = asyncio.ensure_future(anext(results, None))
        yield b"event: complete\ndata: \n\n"
    finally:
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


def _status(result: ExecutionResult) -> HTTPStatus:
    if not was_refused(result):
        return HTTPStatus.OK
    codes = [(error.extensions or {}).get("code") for error in result.errors or ()]
    return next((_STATUS[code] for code in codes if code in _STATUS), HTTPStatus.BAD_REQUEST)


def _weighted(part: str) -> tuple[str, float]:
    """A media type and how much it is liked."""
    media, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return media, float(parameter[2:])
            except ValueError:
                return media, 0.0
    return media, 1.0


def _too_large(most: int) -> Refused:
    return Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body is larger than {most:,} bytes.")


def _code(error: PayloadError) -> str:
    return Code.BAD_USER_INPUT if error.argument else Code.BAD_REQUEST
